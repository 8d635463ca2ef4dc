"""Who published a release and why; audit and releases can be added to, never altered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEYS = {"audit": "id", "release": "number"}


def upgrade() -> None:
    op.add_column("release", sa.Column("actor", sa.String(100), nullable=False, server_default=""))
    op.add_column("release", sa.Column("note", sa.Text, nullable=False, server_default=""))
    op.add_column("release", sa.Column("based_on", sa.Integer))
    op.execute("UPDATE audit SET kind = 'outside' WHERE kind = 'outside_places'")
    op.execute(
        "UPDATE release SET actor = COALESCE((SELECT MAX(actor) FROM audit WHERE kind = 'release' AND action = 'published' "
        "AND key = CAST(release.number AS VARCHAR(200))), '')"
    )
    _on_postgresql() if op.get_bind().dialect.name == "postgresql" else _on_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _KEYS:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute("DROP FUNCTION lotse_refuse()")
    else:
        for table in _KEYS:
            for event in ("update", "delete", "replace"):
                op.execute(f"DROP TRIGGER {table}_no_{event}")
    with op.batch_alter_table("release") as release:
        for column in ("based_on", "note", "actor"):
            release.drop_column(column)


def _on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION lotse_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in _KEYS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION lotse_refuse()"
        )


def _on_sqlite() -> None:
    for table, key in _KEYS.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for event in ("update", "delete"):
            op.execute(f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {refuse}")
        # INSERT OR REPLACE deletes without asking the triggers for deletion.
        taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {taken} {refuse}")
