import { Client } from 'pg';

export const APP_ROLE = 'loanloom_app';

/** Creates a database when it is missing, optionally as a copy of a template. */
export async function ensureDatabase(ownerUrl: string, name: string, template?: string): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    const known = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (known.rowCount === 0)
      await client.query(
        `CREATE DATABASE ${client.escapeIdentifier(name)}${template === undefined ? '' : ` TEMPLATE ${client.escapeIdentifier(template)}`}`,
      );
  });
}

/** Lets the application's role log in with the cluster's password. The role itself is made by a migration. */
export async function enableAppRole(ownerUrl: string): Promise<void> {
  const password = new URL(ownerUrl).password;
  await withClient(ownerUrl, async (client) => {
    await client.query(`ALTER ROLE ${APP_ROLE} PASSWORD ${client.escapeLiteral(password)}`);
    // A copy of a database does not take this along: it is said wherever the role is let in.
    const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
    await client.query(`REVOKE TEMPORARY ON DATABASE ${client.escapeIdentifier(rows[0]?.name ?? '')} FROM PUBLIC`);
  });
}

/** Works on a connection of its own: for the schema's owner. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
