import { decodeJwt, decodeProtectedHeader, errors, importJWK, jwtVerify, SignJWT, type CryptoKey } from 'jose';
import { mayAct, readOperator } from '../db/party/operators';
import { LoanloomError } from '../domain/errors';
import { borrowerId } from '../domain/ids';
import type { OperatorRole } from '../domain/party/operators';
import type { ApiDeps } from './deps';
import { isOperatorName } from '../domain/party/operators';
import { keys } from '../domain/keys';

export type Role = 'borrower' | 'operator';

/** Who is asking. */
export interface Caller {
  readonly role: Role;
  readonly id: string;
  /** `borrower:<id>` or `operator:<name>`: the scope of idempotency keys and the actor of the audit. */
  readonly name: string;
  /** What an operator may do, as the database says at this moment. */
  readonly roles: readonly OperatorRole[];
}

const AUDIENCE = 'loanloom-api';
/** Two kinds of token, with keys that have nothing in common: what makes one can make no other. */
const BORROWER = { issuer: 'loanloom', algorithm: 'HS256' } as const;
const OPERATOR = { issuer: 'loanloom-operator', algorithm: 'EdDSA' } as const;
/** A stolen operator's token is worth an hour. */
export const OPERATOR_TOKEN_SECONDS = 3_600;

/** A borrower's bearer token, valid for `hours`. */
export async function mintToken(secret: Uint8Array, subject: string, hours: number): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: BORROWER.algorithm })
    .setIssuer(BORROWER.issuer)
    .setAudience(AUDIENCE)
    .setSubject(borrowerId(subject))
    .setIssuedAt()
    .setExpirationTime(`${String(hours)}h`)
    .sign(secret);
}

/** An operator's own bearer token, valid for `seconds` (up to an hour): signed with the private key that only they hold. */
export async function signAsOperator(privateKey: CryptoKey, name: string, seconds = 60): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: OPERATOR.algorithm })
    .setIssuer(OPERATOR.issuer)
    .setAudience(AUDIENCE)
    .setSubject(name)
    .setIssuedAt()
    .setExpirationTime(`${String(seconds)}s`)
    .sign(privateKey);
}

type Keys = Pick<ApiDeps, 'tokenSecret' | 'db' | 'restoreEpoch'>;

async function borrowerOf({ tokenSecret }: Keys, token: string): Promise<Caller> {
  const { payload } = await jwtVerify(token, tokenSecret, {
    algorithms: [BORROWER.algorithm],
    issuer: BORROWER.issuer,
    audience: AUDIENCE,
    requiredClaims: ['exp', 'sub'],
  });
  const id = payload.sub ?? '';
  return { role: 'borrower', id, name: keys.borrower(id), roles: [] };
}

async function operatorOf({ db, restoreEpoch }: Keys, token: string): Promise<Caller> {
  const name = decodeJwt(token).sub ?? '';
  // Nothing is asked of the database for what can be no name.
  const operator = isOperatorName(name) ? await readOperator(db, name) : undefined;
  if (!mayAct(operator, await restoreEpoch())) throw new errors.JWTInvalid('no such operator');
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: operator.public_key }, OPERATOR.algorithm);
  const { payload } = await jwtVerify(token, key, {
    algorithms: [OPERATOR.algorithm],
    issuer: OPERATOR.issuer,
    audience: AUDIENCE,
    subject: name,
    requiredClaims: ['exp', 'iat', 'sub'],
    maxTokenAge: OPERATOR_TOKEN_SECONDS,
  });
  if ((payload.exp ?? Infinity) - (payload.iat ?? 0) > OPERATOR_TOKEN_SECONDS) throw new errors.JWTInvalid('longer than an hour');
  return { role: 'operator', id: name, name: keys.operator(name), roles: operator.roles };
}

/**
 * UNAUTHENTICATED for anything but a current token of ours: a borrower's, signed with our secret, or an
 * operator's, signed with the key whose public half the database holds for that name.
 */
export async function authenticate(keys: Keys, header: string | undefined): Promise<Caller> {
  const token = /^Bearer ([\w.-]+)$/.exec(header ?? '')?.[1];
  if (token === undefined)
    throw new LoanloomError('UNAUTHENTICATED', 'send a bearer token: "npx loan token" makes one for the local stack');
  try {
    const isOperator = decodeProtectedHeader(token).alg === OPERATOR.algorithm;
    return await (isOperator ? operatorOf(keys, token) : borrowerOf(keys, token));
  } catch (error) {
    // What is no fault of the token, such as a database that does not answer, is no verdict on it.
    if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error;
    throw new LoanloomError('UNAUTHENTICATED', 'the bearer token is not valid or has expired: get a new one');
  }
}
