import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema. The migrating login owns everything; the program works as one of two roles that own
 * nothing: `wegwijzer_service`, and `wegwijzer_tenant` for all that a partner causes.
 */
export class CreateRegistryAndLog1790000000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(ROLES);
    await db.query(REGISTRY);
    await db.query(NUMBERING);
    await db.query(LOG);
    await db.query(REQUESTS);
    await db.query(GRANTS);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE idempotency, log_opening, log_data_key, auditor_recipient, log_entry, log_head, registry_change,
        number_port, assignment, number_block, credential_use, credential, authority, partner;
      DROP FUNCTION log_append, log_lock, log_append_change, refuse_outside_block, refuse_rewriting, is_number_range,
        is_period;
      DROP SEQUENCE change_id;
      REVOKE USAGE ON SCHEMA public FROM wegwijzer_service, wegwijzer_tenant;
    `);
  }
}

// Roles belong to the whole server, so several databases may meet the same ones, at the same time.
const ROLES = `
DO $$
DECLARE role_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('wegwijzer roles'));
  FOREACH role_name IN ARRAY ARRAY['wegwijzer_service', 'wegwijzer_tenant'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
      END;
    END IF;
    IF NOT pg_has_role(current_user, role_name, 'SET') THEN
      EXECUTE format('GRANT %I TO %I WITH SET TRUE, INHERIT FALSE', role_name, current_user);
    END IF;
  END LOOP;
END $$`;

const REGISTRY = `
-- A change: one act on the registry. Rows carry the change that touched them last; its place in the order of
-- changes, the serial, is given when it commits (registry_change).
CREATE SEQUENCE change_id;

CREATE TABLE partner (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-Z]{2,12}$'),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  kvk_number text CHECK (kvk_number ~ '^[0-9]{8}$'),
  contact jsonb,
  disclosure jsonb NOT NULL CHECK (disclosure ->> 'mode' IN ('registry', 'partner')),
  state text NOT NULL CHECK (state IN ('onboarding', 'active', 'suspended', 'closed')),
  created_at timestamptz NOT NULL,
  change bigint NOT NULL
);
CREATE INDEX partner_change ON partner (change);

CREATE TABLE authority (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-Z]{2,12}$'),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  legal_bases text[] NOT NULL CHECK (legal_bases <@ ARRAY['Sv 126n', 'Sv 126na-1', 'Sv 126na-2', 'Sv 126u',
    'Sv 126ua', 'Sv 126zh', 'Sv 126zi', 'Sv 126ii', 'Wiv 56', 'Tw 11.10']),
  created_at timestamptz NOT NULL,
  change bigint NOT NULL
);
CREATE INDEX authority_change ON authority (change);

-- Only hashes of secrets. After a rotation the previous secret works until previous_expires_at.
CREATE TABLE credential (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  role text NOT NULL CHECK (role IN ('admin', 'partner', 'authority', 'auditor')),
  partner_id integer REFERENCES partner,
  authority_id integer REFERENCES authority,
  label text NOT NULL CHECK (char_length(label) BETWEEN 1 AND 200),
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  previous_hash bytea UNIQUE CHECK (octet_length(previous_hash) = 32),
  previous_expires_at timestamptz,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  change bigint NOT NULL,
  CHECK ((role = 'partner') = (partner_id IS NOT NULL)),
  CHECK ((role = 'authority') = (authority_id IS NOT NULL)),
  CHECK ((previous_hash IS NULL) = (previous_expires_at IS NULL))
);
CREATE INDEX credential_change ON credential (change);

-- When a credential was last used is no change to the registry.
CREATE TABLE credential_use (
  credential_id uuid PRIMARY KEY REFERENCES credential,
  last_used_at timestamptz NOT NULL
)`;

const NUMBERING = `
-- A number is the integer of its digits (E.164: at most 15, none a leading zero). A check lets NULL pass, so an
-- open range must give false.
CREATE FUNCTION is_number_range(numbers int8range) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT NOT isempty(numbers) AND NOT lower_inf(numbers) AND NOT upper_inf(numbers)
    AND lower(numbers) >= 1000000 AND upper(numbers) <= 1000000000000000
    AND char_length(lower(numbers)::text) = char_length((upper(numbers) - 1)::text)
$$;
CREATE FUNCTION is_period(effective tstzrange) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT NOT isempty(effective) AND (lower_inf(effective) OR lower_inc(effective)) AND NOT upper_inc(effective)
$$;

-- Three layers. In each one no two rows cover the same number at the same instant.
CREATE TABLE number_block (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  numbers int8range NOT NULL CHECK (is_number_range(numbers)),
  effective tstzrange NOT NULL CHECK (is_period(effective) AND upper_inf(effective)),
  range_holder text CHECK (char_length(range_holder) BETWEEN 1 AND 200),
  change bigint NOT NULL,
  CONSTRAINT number_block_disjoint EXCLUDE USING gist (numbers WITH &&, effective WITH &&)
);
CREATE INDEX number_block_change ON number_block (change);
CREATE INDEX number_block_first ON number_block (lower(numbers), id);

-- A withdrawn row was carved or released away before it took effect; it is kept, and counts no more.
CREATE TABLE assignment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  numbers int8range NOT NULL CHECK (is_number_range(numbers)),
  effective tstzrange NOT NULL CHECK (is_period(effective)),
  partner_id integer NOT NULL REFERENCES partner,
  withdrawn_at timestamptz,
  change bigint NOT NULL,
  CONSTRAINT assignment_disjoint EXCLUDE USING gist (numbers WITH &&, effective WITH &&)
    WHERE (withdrawn_at IS NULL)
);
CREATE INDEX assignment_change ON assignment (change);
CREATE INDEX assignment_first ON assignment (lower(numbers), id);
CREATE INDEX assignment_partner ON assignment (partner_id, lower(numbers), id);

-- recipient_id: the partner that the number moved to; network: where a number that left us went.
CREATE TABLE number_port (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  numbers int8range NOT NULL CHECK (is_number_range(numbers)),
  effective tstzrange NOT NULL CHECK (is_period(effective)),
  recipient_id integer REFERENCES partner,
  network text CHECK (char_length(network) BETWEEN 1 AND 100),
  withdrawn_at timestamptz,
  change bigint NOT NULL,
  CHECK ((recipient_id IS NULL) <> (network IS NULL)),
  CONSTRAINT number_port_disjoint EXCLUDE USING gist (numbers WITH &&, effective WITH &&)
    WHERE (withdrawn_at IS NULL)
);
CREATE INDEX number_port_change ON number_port (change);
CREATE INDEX number_port_first ON number_port (lower(numbers), id);

-- Every number of an assignment lies in a block of ours at every instant of the assignment. Blocks only grow
-- in number, so it is enough to look when an assignment is written. One probe a row finds the block that
-- the range starts in; only ranges that this block does not hold whole are held against the union of blocks.
CREATE FUNCTION refuse_outside_block() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE outside text;
BEGIN
  SELECT written.numbers::text INTO outside
  FROM written
  LEFT JOIN LATERAL (
    SELECT numbers, effective FROM number_block
    WHERE lower(number_block.numbers) <= lower(written.numbers)
    ORDER BY lower(number_block.numbers) DESC LIMIT 1
  ) block ON true
  WHERE (block.numbers @> written.numbers AND block.effective @> written.effective) IS NOT TRUE
    AND (SELECT range_agg(number_block.numbers) @> written.numbers FROM number_block
         WHERE number_block.numbers && written.numbers
           AND number_block.effective @> written.effective) IS NOT TRUE
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'outside every number block: %', outside USING ERRCODE = 'WW001';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER assignment_in_block AFTER INSERT ON assignment
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_outside_block();

-- History is kept: a row may end earlier or be withdrawn, and nothing else of it ever changes. So it is enough that
-- what is inserted lies in our blocks. The conditions stand in the triggers, which then cost a lawful update nothing.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'row % of % may only end earlier or be withdrawn', OLD.id, TG_TABLE_NAME USING ERRCODE = 'WW002';
END $$;
CREATE TRIGGER assignment_kept BEFORE UPDATE ON assignment FOR EACH ROW WHEN (
    (OLD.id, OLD.numbers, OLD.partner_id, lower(OLD.effective))
      IS DISTINCT FROM (NEW.id, NEW.numbers, NEW.partner_id, lower(NEW.effective))
    OR NOT OLD.effective @> NEW.effective OR OLD.withdrawn_at IS NOT NULL)
  EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER number_port_kept BEFORE UPDATE ON number_port FOR EACH ROW WHEN (
    (OLD.id, OLD.numbers, OLD.recipient_id, OLD.network, lower(OLD.effective))
      IS DISTINCT FROM (NEW.id, NEW.numbers, NEW.recipient_id, NEW.network, lower(NEW.effective))
    OR NOT OLD.effective @> NEW.effective OR OLD.withdrawn_at IS NOT NULL)
  EXECUTE FUNCTION refuse_rewriting()`;

const LOG = `
-- The one row that all appends lock: it orders changes and answers, on however many nodes.
CREATE TABLE log_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  origin text NOT NULL CHECK (origin <> ''),
  size bigint NOT NULL CHECK (size >= 0),
  serial bigint NOT NULL CHECK (serial >= 0)
);

CREATE TABLE log_entry (
  index bigint PRIMARY KEY CHECK (index >= 0),
  -- An entry of a tile's bundle has two bytes for its length (C2SP tlog-tiles).
  leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 1 AND 65535)
);

-- The openings of entries, sealed. Apart from the entries, so that destroying these leaves those untouched; and a
-- row for all that were written together, which takes a third less time than one for each. The first one belongs
-- to the entry of first_index. What is sealed cannot be compressed.
CREATE TABLE log_opening (
  first_index bigint PRIMARY KEY,
  data_key integer NOT NULL,
  sealed bytea[] NOT NULL CHECK (cardinality(sealed) > 0)
);
ALTER TABLE log_opening ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE log_data_key (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL,
  wrapped bytea NOT NULL
);

CREATE TABLE auditor_recipient (
  recipient text PRIMARY KEY,
  added_at timestamptz NOT NULL
);

CREATE TABLE registry_change (
  change bigint PRIMARY KEY,
  serial bigint NOT NULL UNIQUE,
  at timestamptz NOT NULL,
  scope text NOT NULL CHECK (scope IN ('partner', 'authority', 'credential', 'number_block', 'assignment', 'number_port'))
);

-- Appends entries that were resolved at a serial. NULL, and nothing written, where the registry has moved on.
CREATE FUNCTION log_append(resolved_at bigint, leaves bytea[], data_key integer, openings bytea[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE first_index bigint;
BEGIN
  IF cardinality(leaves) <> cardinality(openings) THEN
    RAISE EXCEPTION 'every leaf has one opening';
  END IF;
  UPDATE public.log_head SET size = size + cardinality(leaves) WHERE serial = resolved_at
    RETURNING size - cardinality(leaves) INTO first_index;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO public.log_entry SELECT first_index + place - 1, leaf
    FROM unnest(leaves) WITH ORDINALITY AS given (leaf, place);
  INSERT INTO public.log_opening VALUES (first_index, data_key, openings);
  RETURN first_index;
END $$;

-- Holds the head until the end of the transaction and tells its serial, for a node that changes keep overtaking.
CREATE FUNCTION log_lock() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT serial FROM public.log_head FOR UPDATE
$$;

-- Gives a change its serial and appends its entry, in the change's own transaction.
CREATE FUNCTION log_append_change(change bigint, scope text, at timestamptz, leaf bytea)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE head public.log_head;
BEGIN
  UPDATE public.log_head SET size = size + 1, serial = serial + 1 RETURNING * INTO STRICT head;
  INSERT INTO public.registry_change VALUES (change, head.serial, at, scope);
  INSERT INTO public.log_entry VALUES (head.size - 1, leaf);
  PERFORM pg_notify('registry', head.serial::text);
  RETURN head.serial;
END $$`;

const REQUESTS = `
-- Answers to requests with an Idempotency-Key, sealed under the caller's own secret.
CREATE TABLE idempotency (
  credential_id uuid NOT NULL REFERENCES credential,
  key_digest bytea NOT NULL,
  fingerprint bytea NOT NULL,
  sealed_answer bytea NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (credential_id, key_digest)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at)`;

const GRANTS = `
ALTER TABLE partner ENABLE ROW LEVEL SECURITY;
ALTER TABLE partner FORCE ROW LEVEL SECURITY;
ALTER TABLE assignment ENABLE ROW LEVEL SECURITY;
ALTER TABLE assignment FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON partner TO wegwijzer_service USING (true);
CREATE POLICY service ON assignment TO wegwijzer_service USING (true);
CREATE POLICY tenant ON partner FOR SELECT TO wegwijzer_tenant
  USING (id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE number_port ENABLE ROW LEVEL SECURITY;
ALTER TABLE number_port FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON number_port TO wegwijzer_service USING (true);
CREATE POLICY tenant ON number_port FOR SELECT TO wegwijzer_tenant
  USING (recipient_id = nullif(current_setting('app.tenant', true), '')::integer);
CREATE POLICY tenant ON assignment FOR SELECT TO wegwijzer_tenant
  USING (partner_id = nullif(current_setting('app.tenant', true), '')::integer);

REVOKE ALL ON FUNCTION log_append, log_lock, log_append_change FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO wegwijzer_service, wegwijzer_tenant;
GRANT EXECUTE ON FUNCTION log_append, log_lock, log_append_change TO wegwijzer_service;
GRANT USAGE ON SEQUENCE change_id TO wegwijzer_service;
GRANT SELECT ON log_head, log_entry, log_opening, log_data_key, auditor_recipient, registry_change
  TO wegwijzer_service;
GRANT INSERT ON log_data_key TO wegwijzer_service;
GRANT SELECT, INSERT ON partner, authority, credential, number_block, assignment, number_port TO wegwijzer_service;
GRANT UPDATE (name, kvk_number, contact, disclosure, state, change) ON partner TO wegwijzer_service;
GRANT UPDATE (name, legal_bases, change) ON authority TO wegwijzer_service;
GRANT UPDATE (secret_hash, previous_hash, previous_expires_at, revoked_at, change) ON credential
  TO wegwijzer_service;
GRANT UPDATE (effective, withdrawn_at, change) ON assignment, number_port TO wegwijzer_service;
GRANT SELECT, INSERT, UPDATE ON credential_use TO wegwijzer_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO wegwijzer_service;
GRANT SELECT ON partner, assignment, number_port TO wegwijzer_tenant`;
