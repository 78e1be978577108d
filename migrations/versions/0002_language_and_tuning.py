"""Language of articles, tuning of the search."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tuning_stamp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tuning_stamp")),
    )
    op.create_table(
        "golden_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("asked_as_id", sa.Integer(), nullable=True),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("rank_before", sa.Integer(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["added_by_id"],
            ["person.id"],
            name=op.f("fk_golden_question_added_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_golden_question_article_id_article"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asked_as_id"],
            ["person.id"],
            name=op.f("fk_golden_question_asked_as_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["seen_by_id"],
            ["person.id"],
            name=op.f("fk_golden_question_seen_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_question")),
    )
    with op.batch_alter_table("golden_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_golden_question_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_golden_question_asked_as_id"), ["asked_as_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_golden_question_dropped_at"), ["dropped_at"], unique=False)

    op.create_table(
        "tuning_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "synonym", "best_bet", "stop_word", "full_word", name="rulekind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("means", sa.JSON(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("active", "removed", name="rulestate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_tuning_rule_article_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"],
            ["person.id"],
            name=op.f("fk_tuning_rule_updated_by_id_person"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tuning_rule")),
        sa.UniqueConstraint("source", name=op.f("uq_tuning_rule_source")),
    )
    with op.batch_alter_table("tuning_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tuning_rule_article_id"), ["article_id"], unique=False)
        batch_op.create_index("ix_tuning_rule_state_kind", ["state", "kind"], unique=False)

    op.create_table(
        "tuning_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column(
            "action",
            sa.Enum(
                "added", "changed", "removed", "loaded", name="changeaction", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_tuning_change_person_id_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["tuning_rule.id"],
            name=op.f("fk_tuning_change_rule_id_tuning_rule"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["undoes_id"],
            ["tuning_change.id"],
            name=op.f("fk_tuning_change_undoes_id_tuning_change"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tuning_change")),
    )
    with op.batch_alter_table("tuning_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tuning_change_rule_id"), ["rule_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tuning_change_undoes_id"), ["undoes_id"], unique=False)

    op.add_column(
        "revision", sa.Column("language", sa.String(length=20), server_default="en", nullable=False)
    )


def downgrade() -> None:
    # Not as a batch: that would make the table anew, and dropping the old one would take its children.
    op.drop_column("revision", "language")

    with op.batch_alter_table("tuning_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tuning_change_undoes_id"))
        batch_op.drop_index(batch_op.f("ix_tuning_change_rule_id"))

    op.drop_table("tuning_change")
    with op.batch_alter_table("tuning_rule", schema=None) as batch_op:
        batch_op.drop_index("ix_tuning_rule_state_kind")
        batch_op.drop_index(batch_op.f("ix_tuning_rule_article_id"))

    op.drop_table("tuning_rule")
    with op.batch_alter_table("golden_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_golden_question_dropped_at"))
        batch_op.drop_index(batch_op.f("ix_golden_question_asked_as_id"))
        batch_op.drop_index(batch_op.f("ix_golden_question_article_id"))

    op.drop_table("golden_question")
    op.drop_table("tuning_stamp")
