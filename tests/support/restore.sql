-- Keeps what a database holds now in the schema `kept`. `SELECT kept.restore()` brings that back; it gives
-- false when it cannot, because somebody changed not only rows, but tables.

CREATE SCHEMA kept;

CREATE TABLE kept.tables AS
    SELECT format('public.%I', tablename) AS name, format('kept.%I', 'rows of ' || tablename) AS rows,
        false AS filled
    FROM pg_tables WHERE schemaname = 'public';

DO $$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT * FROM kept.tables LOOP
        EXECUTE format('CREATE TABLE %s AS TABLE %s', each.rows, each.name);
        EXECUTE format('UPDATE kept.tables SET filled = EXISTS (TABLE %s) WHERE name = %L', each.name, each.name);
    END LOOP;
END $$;

CREATE TABLE kept.counters AS
    SELECT format('public.%I', sequencename) AS name, start_value, last_value
    FROM pg_sequences WHERE schemaname = 'public';

CREATE FUNCTION kept.changed(name text, rows text, filled boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    found boolean;
BEGIN
    IF filled THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT a::text FROM %1$s a EXCEPT ALL SELECT b::text FROM %2$s b)'
            ' OR EXISTS (SELECT b::text FROM %2$s b EXCEPT ALL SELECT a::text FROM %1$s a)', name, rows
        ) INTO found;
    ELSE
        EXECUTE format('SELECT EXISTS (TABLE %s)', name) INTO found;
    END IF;
    RETURN found;
END $$;

-- What refers to a changed table is emptied with it, and filled again.
CREATE FUNCTION kept.restore() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    changed text;
    each record;
    empty boolean;
BEGIN
    IF EXISTS (TABLE kept.altered) THEN
        RETURN false;
    END IF;
    SET LOCAL session_replication_role = replica;  -- rows come back as they are, in any order
    SELECT string_agg(name, ', ') INTO changed FROM kept.tables WHERE kept.changed(name, rows, filled);
    IF changed IS NOT NULL THEN
        EXECUTE format('TRUNCATE %s CASCADE', changed);
        FOR each IN SELECT * FROM kept.tables WHERE filled LOOP
            EXECUTE format('SELECT NOT EXISTS (TABLE %s)', each.name) INTO empty;
            IF empty THEN
                EXECUTE format('INSERT INTO %s TABLE %s', each.name, each.rows);
            END IF;
        END LOOP;
    END IF;
    PERFORM setval(name::regclass, coalesce(last_value, start_value), last_value IS NOT NULL) FROM kept.counters;
    RETURN true;
END $$;

CREATE TABLE kept.altered (command text);

CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kept.altered VALUES (tg_tag);
END $$;

CREATE EVENT TRIGGER altered ON ddl_command_end EXECUTE FUNCTION kept.note();
