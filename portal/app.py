"""The composition root: builds the application out of its rooms. Only wiring happens here."""

from datetime import timedelta
from functools import lru_cache, partial

import lucide.jinja
from flask import Flask, request
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import portal.accounts.cli
import portal.accounts.views
import portal.articles.cli
import portal.articles.views
import portal.articles.writing_views
import portal.indexing.cli
import portal.jobs.cli
import portal.search.admin_views
import portal.search.cli
import portal.search.explain_cli
import portal.search.tuning_cli
import portal.search.views
import portal.web.views
from portal import clock
from portal.accounts import login, services, sessions
from portal.articles import documents, languages
from portal.db import db, prepare_engine
from portal.indexing.indexer import Indexer
from portal.indexing.whoosh_engine import WhooshEngine
from portal.jobs import registry
from portal.jobs.registry import Handlers, Periodic
from portal.search import events, golden_questions
from portal.settings import Settings
from portal.web import assets, errors, guard, headers, pages

BLUEPRINTS = (
    portal.web.views.blueprint,
    portal.accounts.views.blueprint,
    portal.articles.views.blueprint,
    portal.articles.writing_views.blueprint,
    portal.search.views.blueprint,
    portal.search.admin_views.blueprint,
)

COMMANDS = (
    portal.accounts.cli.group,
    portal.articles.cli.group,
    portal.indexing.cli.group,
    portal.jobs.cli.group,
    portal.search.cli.group,
)


def create_app(settings: Settings) -> Flask:
    """The application for `settings`; the database need not exist yet."""
    app = Flask("portal")
    app.extensions["settings"] = settings
    app.config.update(_flask_config(settings))
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory="migrations", render_as_batch=True)
    CSRFProtect(app)
    login.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for group in COMMANDS:
        app.cli.add_command(group)
    _bind_work(app, settings)
    errors.install(app)
    headers.install(app)
    guard.install(app, signed_in=login.signed_in, allows=login.allows)
    _prepare_templates(app, settings)
    return app


def _bind_work(app: Flask, settings: Settings) -> None:
    """Choose the search engine and say who does which kind of job."""
    engine = WhooshEngine(settings.index_dir)
    indexer = Indexer(engine, documents.load, documents.versions)
    app.extensions["engine"] = engine
    app.extensions["make-engine"] = WhooshEngine
    app.extensions["indexer"] = indexer
    app.extensions["sample-parts"] = (portal.search.tuning_cli.load_sample,)
    registry.install(
        app,
        Handlers(
            batches={"index": indexer.run},
            periodic={
                "sign-ins": Periodic(timedelta(days=1), partial(sessions.remove_ended, settings=settings)),
                "search-log": Periodic(
                    timedelta(days=1), partial(events.forget_people, salt=settings.secret_key)
                ),
                "golden-questions": Periodic(
                    timedelta(days=1), partial(golden_questions.ask_all, engine=engine)
                ),
            },
            banner=partial(_sample_sign_ins, settings),
        ),
    )


def _sample_sign_ins(settings: Settings) -> str:
    """What `make run` prints below the address when the sample organisation is there."""
    people = services.sample_sign_ins(db.session(), settings=settings)
    if not people:
        return ""
    width = max(len(email) for _, email, _ in people)
    return "\n".join(
        (
            f"Sign in with the password {services.SAMPLE_PASSWORD} as",
            *(f"  {email:<{width}}  {name}, {what}" for name, email, what in people),
            "Ask “forgot my password”, “when is payday” or “can I bring my dog”; write an article as Eva.",
        )
    )


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        # what people wrote does not belong into the log when a statement fails
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "TRUSTED_HOSTS": list(settings.allowed_hosts),
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "MAX_FORM_MEMORY_SIZE": settings.max_body_bytes,
        "MAX_FORM_PARTS": 500,
        "SESSION_COOKIE_NAME": "portal_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.cookie_secure,
        "WTF_CSRF_TIME_LIMIT": None,  # a form lives as long as the sign-in it belongs to
        "TESTING": settings.environment == "test",
    }


def _prepare_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        site_name=settings.site_name,
        static_url=assets.static_url,
        lucide=lru_cache(maxsize=512)(lucide.jinja.lucide),
        clock=clock,
        pages=pages,
        languages=languages,
    )

    @app.context_processor
    def _page() -> dict[str, object]:
        theme = request.cookies.get("theme", "system")
        return {
            "me": login.current_person_or_none(),
            "may": login.allows,
            "theme": theme if theme in portal.web.views.THEMES else "system",
        }
