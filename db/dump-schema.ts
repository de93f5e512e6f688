import type { Db } from './pool';

/** One statement per object, read back from Postgres's own catalogue, in a fixed order: what is committed as migrations/schema.sql. */
const PARTS: readonly { readonly title: string; readonly sql: string }[] = [
  {
    title: 'Tables',
    sql: `SELECT format(E'CREATE TABLE %I (\\n  %s\\n)%s;', c.relname,
            string_agg(format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
              CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END,
              coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')), E',\\n  ' ORDER BY a.attnum),
            CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END) AS line
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE 'knex%'
          GROUP BY c.oid, c.relname, c.relkind ORDER BY c.relname`,
  },
  {
    title: 'Partitions',
    sql: `SELECT format('%I PARTITION OF %s %s;', c.relname, i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid)) AS line
          FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relispartition ORDER BY c.relname`,
  },
  {
    title: 'Constraints',
    sql: `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s;', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) AS line
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
          WHERE k.connamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'f', 'c') AND k.coninhcount = 0 AND NOT c.relispartition AND c.relname NOT LIKE 'knex%'
          ORDER BY k.conrelid::regclass::text, k.conname`,
  },
  {
    title: 'Indexes',
    sql: `SELECT pg_get_indexdef(i.indexrelid) || ';' AS line
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
          WHERE c.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND t.relname NOT LIKE 'knex%'
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
          ORDER BY c.relname`,
  },
  {
    title: 'Functions',
    sql: `SELECT pg_get_functiondef(p.oid) || ';' AS line FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY p.proname`,
  },
  {
    title: 'Triggers',
    sql: `SELECT pg_get_triggerdef(t.oid) || ';' AS line FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
          WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY c.relname, t.tgname`,
  },
  {
    title: 'Grants to the application’s role',
    sql: `SELECT format('GRANT %s ON %s TO loanloom_app;', string_agg(DISTINCT privilege_type, ', ' ORDER BY privilege_type), table_name) AS line
          FROM information_schema.role_table_grants WHERE grantee = 'loanloom_app' AND table_schema = 'public' GROUP BY table_name
          UNION ALL
          SELECT format('GRANT UPDATE (%s) ON %s TO loanloom_app;', string_agg(column_name, ', ' ORDER BY column_name), table_name)
          FROM information_schema.role_column_grants WHERE grantee = 'loanloom_app' AND table_schema = 'public' AND privilege_type = 'UPDATE' GROUP BY table_name
          ORDER BY 1`,
  },
];

/** The whole schema as text; equal schemas give equal texts. */
export async function dumpSchema(db: Db): Promise<string> {
  const sections: string[] = [
    '-- Written by "npm run schema:dump" from the migrations. Do not edit: a test compares it with a migrated database.\n',
  ];
  for (const part of PARTS) {
    const { rows } = await db.raw<{ rows: { line: string }[] }>(part.sql);
    sections.push(`-- ${part.title}\n\n${rows.map((row) => row.line.trim()).join('\n')}\n`);
  }
  return sections.join('\n');
}
