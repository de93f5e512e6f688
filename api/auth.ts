import { jwtVerify, SignJWT } from 'jose';
import { LoanloomError } from '../domain/errors';
import { borrowerId } from '../domain/ids';

export type Role = 'borrower' | 'operator';

/** Who is asking. */
export interface Caller {
  readonly role: Role;
  readonly id: string;
  /** `borrower:<id>` or `operator:<id>`: the scope of idempotency keys and the actor of the audit. */
  readonly name: string;
}

const ISSUER = 'loanloom';
const AUDIENCE = 'loanloom-api';
const ALGORITHM = 'HS256';

/** A bearer token for development and operators, valid for `hours`. */
export async function mintToken(secret: Uint8Array, role: Role, subject: string, hours: number): Promise<string> {
  return new SignJWT({ role })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(borrowerId(subject))
    .setIssuedAt()
    .setExpirationTime(`${String(hours)}h`)
    .sign(secret);
}

/** UNAUTHENTICATED for anything but a current token of ours: one algorithm, our issuer and audience, an expiry. */
export async function authenticate(secret: Uint8Array, header: string | undefined): Promise<Caller> {
  const token = /^Bearer ([\w.-]+)$/.exec(header ?? '')?.[1];
  if (token === undefined)
    throw new LoanloomError('UNAUTHENTICATED', 'send a bearer token: "npx loan token" makes one for the local stack');
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['exp', 'sub'],
    });
    const role: Role = payload.role === 'operator' ? 'operator' : 'borrower';
    if (payload.role !== role || payload.sub === undefined) throw new Error('role');
    return { role, id: payload.sub, name: `${role}:${payload.sub}` };
  } catch {
    throw new LoanloomError('UNAUTHENTICATED', 'the bearer token is not valid or has expired: get a new one');
  }
}
