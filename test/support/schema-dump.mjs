/**
 * The schema as text, read from the catalogs: what it is, not how to make it. Names of owners and logins are left
 * out, so that it is the same whoever migrates. (A pg_dump older than the server refuses to dump it.)
 */
export async function dumpSchema(client) {
  const parts = [HEADER];
  for (const statement of [ROLES, SCHEMA, SEQUENCES, FUNCTIONS, TABLES]) {
    const { rows } = await client.query(statement);
    parts.push(...rows.map((row) => row.text));
  }
  return `${parts.join('\n\n')}\n`;
}

const HEADER = `-- The schema that the migrations make, read from the catalogs by \`npm run schema\`. Golden: a test compares it.`;

/** Grants to all but the owner, as one line each; PUBLIC's default rights are spelled out. */
const grants = (acl, kind, owner, what) => `
  SELECT format('GRANT %s ON ${what} TO %s', string_agg(privilege_type, ', ' ORDER BY privilege_type),
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END) AS line
  FROM aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) WHERE grantee <> ${owner} GROUP BY grantee`;

const lines = (selects) => `(SELECT string_agg('  ' || line, E'\\n' ORDER BY section, line) FROM (
  ${selects.map((select, i) => `SELECT ${i} AS section, line FROM (${select}) AS "${i}"`).join(' UNION ALL ')}
) AS all_lines)`;

const ROLES = `
  SELECT format('ROLE %s%s%s%s%s%s', rolname, CASE WHEN rolsuper THEN ' SUPERUSER' END,
    CASE WHEN rolcreaterole THEN ' CREATEROLE' END, CASE WHEN rolcreatedb THEN ' CREATEDB' END,
    CASE WHEN rolbypassrls THEN ' BYPASSRLS' END, CASE WHEN rolreplication THEN ' REPLICATION' END) AS text
  FROM pg_roles WHERE rolname LIKE 'wegwijzer%' ORDER BY rolname`;

const SCHEMA = `
  SELECT concat_ws(E'\\n', 'SCHEMA public', ${lines([grants('nspacl', 'n', 'nspowner', 'SCHEMA public')])}) AS text
  FROM pg_namespace WHERE nspname = 'public'`;

const SEQUENCES = `
  SELECT concat_ws(E'\\n', format('SEQUENCE %s AS %s', relname, format_type(seqtypid, NULL)),
    ${lines([grants('relacl', 's', 'relowner', `SEQUENCE ' || relname || '`)])}) AS text
  FROM pg_class JOIN pg_sequence ON seqrelid = pg_class.oid
  WHERE relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i') AND refobjsubid > 0)
  ORDER BY relname`;

const FUNCTIONS = `
  SELECT concat_ws(E'\\n', rtrim(pg_get_functiondef(oid), E'\\n'),
    ${lines([grants('proacl', 'f', 'proowner', `FUNCTION ' || proname || '`)])}) AS text
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname, oid::regprocedure::text`;

const COLUMNS = `
  SELECT format('%s %s%s%s', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' NOT NULL' END,
    CASE WHEN attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
      WHEN adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(adbin, adrelid) END) AS line, attnum AS place
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped`;

const CONSTRAINTS = `
  SELECT format('CONSTRAINT %s %s', conname, pg_get_constraintdef(oid)) AS line
  FROM pg_constraint WHERE conrelid = pg_class.oid AND contype <> 'n'`;

const INDEXES = `
  SELECT pg_get_indexdef(indexrelid) AS line FROM pg_index WHERE indrelid = pg_class.oid
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))`;

const TRIGGERS = `
  SELECT pg_get_triggerdef(oid) AS line FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal`;

const SECURITY = `
  SELECT 'ROW LEVEL SECURITY' || CASE WHEN relforcerowsecurity THEN ' FORCED' ELSE '' END AS line
  WHERE relrowsecurity`;

const POLICIES = `
  SELECT format('POLICY %s FOR %s TO %s%s%s', polname,
    CASE polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END,
    (SELECT string_agg(role::regrole::text, ', ') FROM unnest(polroles) AS role),
    ' USING ' || pg_get_expr(polqual, polrelid), ' WITH CHECK ' || pg_get_expr(polwithcheck, polrelid)) AS line
  FROM pg_policy WHERE polrelid = pg_class.oid`;

const COLUMN_GRANTS = `
  SELECT format('GRANT %s (%s) ON TABLE %s TO %s', privilege_type, string_agg(attname, ', ' ORDER BY attnum), relname,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END) AS line
  FROM pg_attribute, aclexplode(attacl) WHERE attrelid = pg_class.oid GROUP BY privilege_type, grantee`;

const TABLES = `
  SELECT concat_ws(E'\\n', 'TABLE ' || relname,
    (SELECT string_agg('  ' || line, E'\\n' ORDER BY place) FROM (${COLUMNS}) AS columns),
    ${lines([CONSTRAINTS, INDEXES, TRIGGERS, SECURITY, POLICIES, grants('relacl', 'r', 'relowner', `TABLE ' || relname || '`), COLUMN_GRANTS])}) AS text
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND relname <> 'migration'
  ORDER BY relname`;
