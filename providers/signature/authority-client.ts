import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import { exchangeBytes } from '../../channels/http';
import type { Instant } from '../../domain/time/dates';
import { ocspRequest, stampRequest, tokenIn } from './cms';

/** Where the certificate authority, its revocation services and the time-stamping authority are. */
export interface AuthorityLink {
  readonly baseUrl: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

/** Somebody of the signing world did not answer, or not as they should: `detail` is a code. `refused`: they know the signer, and do not certify them. */
export class SigningFault extends Error {
  constructor(
    readonly detail: string,
    readonly isRefusal = false,
  ) {
    super(detail);
  }
}

const base64 = z.base64().transform((value) => Buffer.from(value, 'base64'));
const certified = z.object({ certificate: base64, chain: z.array(base64).min(1), timeStampingCertificate: base64 });
export type Certified = z.output<typeof certified>;

/** One signing's conversation with the authority. Every method throws a SigningFault where it has no usable answer. */
export class AuthorityClient {
  constructor(
    private readonly link: AuthorityLink,
    private readonly asOf: Instant,
    private readonly signal: AbortSignal,
  ) {}

  /** A short-lived certificate for the holder of a key. The registration desk checks who they are where an ID number is given. */
  async certificate(asked: { documentId: string; csr: Buffer; name: string; idNumber?: string }): Promise<Certified> {
    const { documentId, csr, ...who } = asked;
    const requestId = createHash('sha256').update(documentId).update(csr).digest('hex').slice(0, 32);
    const body = JSON.stringify({ requestId, csr: csr.toString('base64'), ...who });
    const signature = createHmac('sha256', this.link.secret).update(body).digest('hex');
    const answer = await this.send('CA', '/certificates', { 'content-type': 'application/json', 'x-signature': signature }, body);
    const read = certified.safeParse(parsed(answer));
    if (!read.success) throw new SigningFault('CA_UNREADABLE');
    return read.data;
  }

  async timeStamp(imprint: Buffer): Promise<Buffer> {
    const answer = await this.send('TSA', '/tsa', { 'content-type': 'application/timestamp-query' }, stampRequest(imprint));
    return readable('TSA', () => tokenIn(answer));
  }

  async ocsp(certificate: Buffer, issuer: Buffer): Promise<Buffer> {
    const request = await ocspRequest(certificate, issuer);
    return this.send('OCSP', '/ocsp', { 'content-type': 'application/ocsp-request' }, request);
  }

  revocationList(of: 'root' | 'issuing'): Promise<Buffer> {
    return this.send('CRL', `/${of}.crl`, {});
  }

  health(): Promise<Buffer> {
    return this.send('HEALTH', '/health', {});
  }

  private async send(who: string, target: string, headers: Record<string, string>, body?: string | Buffer): Promise<Buffer> {
    const method = body === undefined ? 'GET' : 'POST';
    const request = { method, target, headers, asOf: this.asOf, ...(body === undefined ? {} : { body }) } as const;
    const result = await exchangeBytes(this.link, request, this.signal);
    if (result.kind !== 'answer') throw new SigningFault(`${who}_${result.code}`);
    if (result.status === 403 && who === 'CA') throw new SigningFault(`${who}_REFUSED`, true);
    if (result.status !== 200) throw new SigningFault(`${who}_HTTP_${String(result.status)}`);
    return result.bytes;
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** What `read` makes of an answer; a SigningFault where it cannot. */
export function readable<T>(who: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new SigningFault(`${who}_UNREADABLE`);
  }
}
