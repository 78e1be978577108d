"""Commands: `flask jobs …`."""

import logging

import click
from flask import current_app
from flask.cli import AppGroup

from portal.db import db, unit_of_work
from portal.errors import PortalError
from portal.jobs import queue, registry, supervisor
from portal.jobs.supervisor import CannotServe, Program, Supervisor
from portal.jobs.worker import Worker

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

group = AppGroup("jobs", help="Do, list and repeat work that is done after a save.")


@group.command()
def work() -> None:
    """Do jobs until stopped (SIGTERM or Ctrl-C), finishing the job at hand."""
    logging.basicConfig(format=LOG_FORMAT, level=logging.WARNING)
    worker = Worker(registry.current())
    worker.stop_on_signals()
    worker.run()


@group.command("list")
def list_() -> None:
    """List the jobs that wait and those that failed for good."""
    jobs = queue.waiting(db.session())
    if not jobs:
        click.echo("There are no jobs.")
    for job in jobs:
        state = "dead" if job.dead else f"due {job.run_at:%Y-%m-%d %H:%M:%S} UTC"
        failed = f", failed {job.attempts} times: {job.last_error}" if job.last_error else ""
        click.echo(f"{job.id}  {job.kind}  {state}{failed}")


@group.command()
@click.argument("job_id", metavar="ID", type=int)
def retry(job_id: int) -> None:
    """Try a job again now, with all its attempts before it."""
    try:
        with unit_of_work() as session:
            queue.retry(session, job_id)
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Job {job_id} is due now.")


@group.command()
@click.argument("job_id", metavar="ID", type=int)
def drop(job_id: int) -> None:
    """Delete a job that failed for good."""
    try:
        with unit_of_work() as session:
            queue.drop(session, job_id)
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Job {job_id} is deleted.")


@group.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Run the portal: web server and job worker, until Ctrl-C or SIGTERM."""
    try:
        with supervisor.listen(host, port) as listening:
            _serve(host, port, workers, listening.fileno())
    except CannotServe as error:
        raise click.ClickException(str(error)) from error


def _serve(host: str, port: int, workers: int, listening: int) -> None:
    as_host = current_app.extensions["settings"].allowed_hosts[0]

    def _announce() -> None:
        click.echo(f"\nThe portal is ready at {supervisor.address(host, port)}  (Ctrl-C stops it)")
        banner = registry.current().banner()
        db.session.remove()
        if banner:
            click.echo(f"\n{banner}")

    keeper = Supervisor(
        (
            Program(
                "web server",
                "gunicorn",
                (
                    "--config=python:portal.jobs.gunicorn_settings",
                    f"--bind=fd://{listening}",
                    f"--workers={workers}",
                ),
                inherits=(listening,),
            ),
            Program("job worker", "flask", ("jobs", "work")),
        ),
        echo=lambda text: click.echo(text, err=True),
    )
    keeper.stop_on_signals()
    keeper.run(
        is_ready=lambda: supervisor.answers(host, port, as_host=as_host),
        on_ready=_announce,
    )
    click.echo("The portal is stopped.")
