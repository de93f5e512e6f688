import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importPKCS8 } from 'jose';
import { signAsOperator } from '../api/auth';
import { enlistOperator, mayAct, readOperator } from '../db/party/operators';
import { createDb, type Db } from '../db/pool';
import { LoanloomError } from '../domain/errors';
import { isOperatorName, type OperatorRole } from '../domain/party/operators';
import type { Attached } from './attach';

/** VALIDATION for what is no operator's name; it is a file's name too. */
export function assertOperatorName(name: string): void {
  if (!isOperatorName(name))
    throw new LoanloomError('VALIDATION', 'an operator’s name has 2 to 48 lower-case letters, digits and hyphens', { path: '--operator' });
}

const fileOf = (folder: string, name: string) => join(folder, `${name}.key`);

function readKey(folder: string, name: string): string {
  assertOperatorName(name);
  const file = fileOf(folder, name);
  if (!existsSync(file))
    throw new LoanloomError(
      'UNAUTHENTICATED',
      `${name} has no key in ${folder}: "npx loan operator add ${name} --staff-number <number> --roles <roles> --reason <text>" makes one, where you own the database`,
    );
  return readFileSync(file, 'utf8');
}

const publicHalf = (pem: string): string => createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' }).x ?? '';

/** The public half of a person's key pair, which is made where they have none; the private half stays in its file, mode 0600. */
export async function ensureKey(folder: string, name: string): Promise<string> {
  assertOperatorName(name);
  if (!existsSync(fileOf(folder, name))) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(fileOf(folder, name), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  }
  return publicHalf(readKey(folder, name));
}

/** A bearer token of an operator, made with their own key. UNAUTHENTICATED where this machine does not hold it. */
export async function tokenOf(attached: Pick<Attached, 'operatorKeys'>, name: string, seconds = 60): Promise<string> {
  return signAsOperator(await importPKCS8(readKey(attached.operatorKeys, name), 'EdDSA'), name, seconds);
}

/** For what an operator does without the API: proves that they hold their key and have the role, as the API would. */
export async function assertOperator(
  attached: Pick<Attached, 'operatorKeys' | 'db' | 'restoreEpoch'>,
  name: string,
  role: OperatorRole,
): Promise<void> {
  const held = publicHalf(readKey(attached.operatorKeys, name));
  const operator = await readOperator(attached.db, name);
  if (!mayAct(operator, await attached.restoreEpoch()) || operator.public_key !== held)
    throw new LoanloomError('UNAUTHENTICATED', `the key of ${name} is not the one of an operator`);
  if (!operator.roles.includes(role))
    throw new LoanloomError('FORBIDDEN', `this needs the role ${role}; ${name} has ${operator.roles.join(', ')}`);
}

/** Works as the schema's owner, who alone enters and dismisses operators. CONFIGURATION without DATABASE_OWNER_URL. */
export async function asOwner<T>({ env }: Pick<Attached, 'env'>, work: (owner: Db) => Promise<T>): Promise<T> {
  if (env.DATABASE_OWNER_URL === undefined)
    throw new LoanloomError('CONFIGURATION', 'only the schema’s owner enters operators: set DATABASE_OWNER_URL');
  const owner = createDb(env.DATABASE_OWNER_URL, 1);
  try {
    return await work(owner);
  } finally {
    await owner.destroy();
  }
}

/** Makes sure that the sandbox has an operator with a key on this machine. */
export async function engage(attached: Attached, name: string, staffNumber: string, roles: readonly OperatorRole[]): Promise<void> {
  const publicKey = await ensureKey(attached.operatorKeys, name);
  const operator = { name, staff_number: staffNumber, roles, public_key: publicKey, epoch: await attached.restoreEpoch() };
  await asOwner(attached, (owner) => enlistOperator(owner, operator, 'plays an operator in the sandbox'));
}
