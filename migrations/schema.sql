-- The schema that the migrations make, read from the catalogs by `npm run schema`. Golden: a test compares it.

ROLE wegwijzer_service

ROLE wegwijzer_tenant

SCHEMA public
  GRANT USAGE ON SCHEMA public TO PUBLIC
  GRANT USAGE ON SCHEMA public TO wegwijzer_service
  GRANT USAGE ON SCHEMA public TO wegwijzer_tenant

SEQUENCE change_id AS bigint
  GRANT USAGE ON SEQUENCE change_id TO wegwijzer_service

CREATE OR REPLACE FUNCTION public.is_number_range(numbers int8range)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT NOT isempty(numbers) AND NOT lower_inf(numbers) AND NOT upper_inf(numbers)
    AND lower(numbers) >= 1000000 AND upper(numbers) <= 1000000000000000
    AND char_length(lower(numbers)::text) = char_length((upper(numbers) - 1)::text)
$function$
  GRANT EXECUTE ON FUNCTION is_number_range TO PUBLIC

CREATE OR REPLACE FUNCTION public.is_period(effective tstzrange)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT NOT isempty(effective) AND (lower_inf(effective) OR lower_inc(effective)) AND NOT upper_inc(effective)
$function$
  GRANT EXECUTE ON FUNCTION is_period TO PUBLIC

CREATE OR REPLACE FUNCTION public.log_append(resolved_at bigint, leaves bytea[], data_key integer, openings bytea[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
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
END $function$
  GRANT EXECUTE ON FUNCTION log_append TO wegwijzer_service

CREATE OR REPLACE FUNCTION public.log_append_change(change bigint, scope text, at timestamp with time zone, leaf bytea)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
DECLARE head public.log_head;
BEGIN
  UPDATE public.log_head SET size = size + 1, serial = serial + 1 RETURNING * INTO STRICT head;
  INSERT INTO public.registry_change VALUES (change, head.serial, at, scope);
  INSERT INTO public.log_entry VALUES (head.size - 1, leaf);
  PERFORM pg_notify('registry', head.serial::text);
  RETURN head.serial;
END $function$
  GRANT EXECUTE ON FUNCTION log_append_change TO wegwijzer_service

CREATE OR REPLACE FUNCTION public.log_lock()
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  SELECT serial FROM public.log_head FOR UPDATE
$function$
  GRANT EXECUTE ON FUNCTION log_lock TO wegwijzer_service

CREATE OR REPLACE FUNCTION public.refuse_outside_block()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$
  GRANT EXECUTE ON FUNCTION refuse_outside_block TO PUBLIC

CREATE OR REPLACE FUNCTION public.refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'row % of % may only end earlier or be withdrawn', OLD.id, TG_TABLE_NAME USING ERRCODE = 'WW002';
END $function$
  GRANT EXECUTE ON FUNCTION refuse_rewriting TO PUBLIC

TABLE assignment
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
  numbers int8range NOT NULL
  effective tstzrange NOT NULL
  partner_id integer NOT NULL
  withdrawn_at timestamp with time zone
  change bigint NOT NULL
  CONSTRAINT assignment_disjoint EXCLUDE USING gist (numbers WITH &&, effective WITH &&) WHERE ((withdrawn_at IS NULL))
  CONSTRAINT assignment_effective_check CHECK (is_period(effective))
  CONSTRAINT assignment_numbers_check CHECK (is_number_range(numbers))
  CONSTRAINT assignment_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES partner(id)
  CONSTRAINT assignment_pkey PRIMARY KEY (id)
  CREATE INDEX assignment_change ON public.assignment USING btree (change)
  CREATE INDEX assignment_first ON public.assignment USING btree (lower(numbers), id)
  CREATE INDEX assignment_partner ON public.assignment USING btree (partner_id, lower(numbers), id)
  CREATE TRIGGER assignment_in_block AFTER INSERT ON public.assignment REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_outside_block()
  CREATE TRIGGER assignment_kept BEFORE UPDATE ON public.assignment FOR EACH ROW WHEN ((((((old.id IS DISTINCT FROM new.id) OR (old.numbers IS DISTINCT FROM new.numbers)) OR (old.partner_id IS DISTINCT FROM new.partner_id)) OR (lower(old.effective) IS DISTINCT FROM lower(new.effective))) OR (NOT (old.effective @> new.effective)) OR (old.withdrawn_at IS NOT NULL))) EXECUTE FUNCTION refuse_rewriting()
  ROW LEVEL SECURITY FORCED
  POLICY service FOR ALL TO wegwijzer_service USING true
  POLICY tenant FOR SELECT TO wegwijzer_tenant USING (partner_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::integer)
  GRANT INSERT, SELECT ON TABLE assignment TO wegwijzer_service
  GRANT SELECT ON TABLE assignment TO wegwijzer_tenant
  GRANT UPDATE (effective, withdrawn_at, change) ON TABLE assignment TO wegwijzer_service

TABLE auditor_recipient
  recipient text NOT NULL
  added_at timestamp with time zone NOT NULL
  CONSTRAINT auditor_recipient_pkey PRIMARY KEY (recipient)
  GRANT SELECT ON TABLE auditor_recipient TO wegwijzer_service

TABLE authority
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY
  code text NOT NULL
  name text NOT NULL
  legal_bases text[] NOT NULL
  created_at timestamp with time zone NOT NULL
  change bigint NOT NULL
  CONSTRAINT authority_code_check CHECK ((code ~ '^[0-9A-Z]{2,12}$'::text))
  CONSTRAINT authority_code_key UNIQUE (code)
  CONSTRAINT authority_legal_bases_check CHECK ((legal_bases <@ ARRAY['Sv 126n'::text, 'Sv 126na-1'::text, 'Sv 126na-2'::text, 'Sv 126u'::text, 'Sv 126ua'::text, 'Sv 126zh'::text, 'Sv 126zi'::text, 'Sv 126ii'::text, 'Wiv 56'::text, 'Tw 11.10'::text]))
  CONSTRAINT authority_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
  CONSTRAINT authority_pkey PRIMARY KEY (id)
  CREATE INDEX authority_change ON public.authority USING btree (change)
  GRANT INSERT, SELECT ON TABLE authority TO wegwijzer_service
  GRANT UPDATE (name, legal_bases, change) ON TABLE authority TO wegwijzer_service

TABLE credential
  id uuid NOT NULL DEFAULT uuidv7()
  role text NOT NULL
  partner_id integer
  authority_id integer
  label text NOT NULL
  secret_hash bytea NOT NULL
  previous_hash bytea
  previous_expires_at timestamp with time zone
  created_at timestamp with time zone NOT NULL
  expires_at timestamp with time zone
  revoked_at timestamp with time zone
  change bigint NOT NULL
  CONSTRAINT credential_authority_id_fkey FOREIGN KEY (authority_id) REFERENCES authority(id)
  CONSTRAINT credential_check CHECK (((role = 'partner'::text) = (partner_id IS NOT NULL)))
  CONSTRAINT credential_check1 CHECK (((role = 'authority'::text) = (authority_id IS NOT NULL)))
  CONSTRAINT credential_check2 CHECK (((previous_hash IS NULL) = (previous_expires_at IS NULL)))
  CONSTRAINT credential_label_check CHECK (((char_length(label) >= 1) AND (char_length(label) <= 200)))
  CONSTRAINT credential_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES partner(id)
  CONSTRAINT credential_pkey PRIMARY KEY (id)
  CONSTRAINT credential_previous_hash_check CHECK ((octet_length(previous_hash) = 32))
  CONSTRAINT credential_previous_hash_key UNIQUE (previous_hash)
  CONSTRAINT credential_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'partner'::text, 'authority'::text, 'auditor'::text])))
  CONSTRAINT credential_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
  CONSTRAINT credential_secret_hash_key UNIQUE (secret_hash)
  CREATE INDEX credential_change ON public.credential USING btree (change)
  GRANT INSERT, SELECT ON TABLE credential TO wegwijzer_service
  GRANT UPDATE (secret_hash, previous_hash, previous_expires_at, revoked_at, change) ON TABLE credential TO wegwijzer_service

TABLE credential_use
  credential_id uuid NOT NULL
  last_used_at timestamp with time zone NOT NULL
  CONSTRAINT credential_use_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credential(id)
  CONSTRAINT credential_use_pkey PRIMARY KEY (credential_id)
  GRANT INSERT, SELECT, UPDATE ON TABLE credential_use TO wegwijzer_service

TABLE idempotency
  credential_id uuid NOT NULL
  key_digest bytea NOT NULL
  fingerprint bytea NOT NULL
  sealed_answer bytea NOT NULL
  created_at timestamp with time zone NOT NULL
  CONSTRAINT idempotency_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES credential(id)
  CONSTRAINT idempotency_pkey PRIMARY KEY (credential_id, key_digest)
  CREATE INDEX idempotency_created_at ON public.idempotency USING btree (created_at)
  GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE idempotency TO wegwijzer_service

TABLE log_data_key
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY
  created_at timestamp with time zone NOT NULL
  wrapped bytea NOT NULL
  CONSTRAINT log_data_key_pkey PRIMARY KEY (id)
  GRANT INSERT, SELECT ON TABLE log_data_key TO wegwijzer_service

TABLE log_entry
  index bigint NOT NULL
  leaf bytea NOT NULL
  CONSTRAINT log_entry_index_check CHECK ((index >= 0))
  CONSTRAINT log_entry_leaf_check CHECK (((octet_length(leaf) >= 1) AND (octet_length(leaf) <= 65535)))
  CONSTRAINT log_entry_pkey PRIMARY KEY (index)
  GRANT SELECT ON TABLE log_entry TO wegwijzer_service

TABLE log_head
  one boolean NOT NULL DEFAULT true
  origin text NOT NULL
  size bigint NOT NULL
  serial bigint NOT NULL
  CONSTRAINT log_head_one_check CHECK (one)
  CONSTRAINT log_head_origin_check CHECK ((origin <> ''::text))
  CONSTRAINT log_head_pkey PRIMARY KEY (one)
  CONSTRAINT log_head_serial_check CHECK ((serial >= 0))
  CONSTRAINT log_head_size_check CHECK ((size >= 0))
  GRANT SELECT ON TABLE log_head TO wegwijzer_service

TABLE log_opening
  first_index bigint NOT NULL
  data_key integer NOT NULL
  sealed bytea[] NOT NULL
  CONSTRAINT log_opening_pkey PRIMARY KEY (first_index)
  CONSTRAINT log_opening_sealed_check CHECK ((cardinality(sealed) > 0))
  GRANT SELECT ON TABLE log_opening TO wegwijzer_service

TABLE number_block
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
  numbers int8range NOT NULL
  effective tstzrange NOT NULL
  range_holder text
  change bigint NOT NULL
  CONSTRAINT number_block_disjoint EXCLUDE USING gist (numbers WITH &&, effective WITH &&)
  CONSTRAINT number_block_effective_check CHECK ((is_period(effective) AND upper_inf(effective)))
  CONSTRAINT number_block_numbers_check CHECK (is_number_range(numbers))
  CONSTRAINT number_block_pkey PRIMARY KEY (id)
  CONSTRAINT number_block_range_holder_check CHECK (((char_length(range_holder) >= 1) AND (char_length(range_holder) <= 200)))
  CREATE INDEX number_block_change ON public.number_block USING btree (change)
  CREATE INDEX number_block_first ON public.number_block USING btree (lower(numbers), id)
  GRANT INSERT, SELECT ON TABLE number_block TO wegwijzer_service

TABLE number_port
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
  numbers int8range NOT NULL
  effective tstzrange NOT NULL
  recipient_id integer
  network text
  withdrawn_at timestamp with time zone
  change bigint NOT NULL
  CONSTRAINT number_port_check CHECK (((recipient_id IS NULL) <> (network IS NULL)))
  CONSTRAINT number_port_disjoint EXCLUDE USING gist (numbers WITH &&, effective WITH &&) WHERE ((withdrawn_at IS NULL))
  CONSTRAINT number_port_effective_check CHECK (is_period(effective))
  CONSTRAINT number_port_network_check CHECK (((char_length(network) >= 1) AND (char_length(network) <= 100)))
  CONSTRAINT number_port_numbers_check CHECK (is_number_range(numbers))
  CONSTRAINT number_port_pkey PRIMARY KEY (id)
  CONSTRAINT number_port_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES partner(id)
  CREATE INDEX number_port_change ON public.number_port USING btree (change)
  CREATE INDEX number_port_first ON public.number_port USING btree (lower(numbers), id)
  CREATE TRIGGER number_port_kept BEFORE UPDATE ON public.number_port FOR EACH ROW WHEN (((((((old.id IS DISTINCT FROM new.id) OR (old.numbers IS DISTINCT FROM new.numbers)) OR (old.recipient_id IS DISTINCT FROM new.recipient_id)) OR (old.network IS DISTINCT FROM new.network)) OR (lower(old.effective) IS DISTINCT FROM lower(new.effective))) OR (NOT (old.effective @> new.effective)) OR (old.withdrawn_at IS NOT NULL))) EXECUTE FUNCTION refuse_rewriting()
  ROW LEVEL SECURITY FORCED
  POLICY service FOR ALL TO wegwijzer_service USING true
  POLICY tenant FOR SELECT TO wegwijzer_tenant USING (recipient_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::integer)
  GRANT INSERT, SELECT ON TABLE number_port TO wegwijzer_service
  GRANT SELECT ON TABLE number_port TO wegwijzer_tenant
  GRANT UPDATE (effective, withdrawn_at, change) ON TABLE number_port TO wegwijzer_service

TABLE partner
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY
  code text NOT NULL
  name text NOT NULL
  kvk_number text
  contact jsonb
  disclosure jsonb NOT NULL
  state text NOT NULL
  created_at timestamp with time zone NOT NULL
  change bigint NOT NULL
  CONSTRAINT partner_code_check CHECK ((code ~ '^[0-9A-Z]{2,12}$'::text))
  CONSTRAINT partner_code_key UNIQUE (code)
  CONSTRAINT partner_disclosure_check CHECK (((disclosure ->> 'mode'::text) = ANY (ARRAY['registry'::text, 'partner'::text])))
  CONSTRAINT partner_kvk_number_check CHECK ((kvk_number ~ '^[0-9]{8}$'::text))
  CONSTRAINT partner_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
  CONSTRAINT partner_pkey PRIMARY KEY (id)
  CONSTRAINT partner_state_check CHECK ((state = ANY (ARRAY['onboarding'::text, 'active'::text, 'suspended'::text, 'closed'::text])))
  CREATE INDEX partner_change ON public.partner USING btree (change)
  ROW LEVEL SECURITY FORCED
  POLICY service FOR ALL TO wegwijzer_service USING true
  POLICY tenant FOR SELECT TO wegwijzer_tenant USING (id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::integer)
  GRANT INSERT, SELECT ON TABLE partner TO wegwijzer_service
  GRANT SELECT ON TABLE partner TO wegwijzer_tenant
  GRANT UPDATE (name, kvk_number, contact, disclosure, state, change) ON TABLE partner TO wegwijzer_service

TABLE registry_change
  change bigint NOT NULL
  serial bigint NOT NULL
  at timestamp with time zone NOT NULL
  scope text NOT NULL
  CONSTRAINT registry_change_pkey PRIMARY KEY (change)
  CONSTRAINT registry_change_scope_check CHECK ((scope = ANY (ARRAY['partner'::text, 'authority'::text, 'credential'::text, 'number_block'::text, 'assignment'::text, 'number_port'::text])))
  CONSTRAINT registry_change_serial_key UNIQUE (serial)
  GRANT SELECT ON TABLE registry_change TO wegwijzer_service
