import { createHmac, timingSafeEqual } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import type { BinaryAnswer } from '../protocol';
import type { Register } from '../identity/register';
import { Authority } from './authority';
import { der } from './der';
import { ocspAnswer, revocationList, serialsIn } from './revocation';
import { timeStamp } from './time-stamps';

/** Who of the signing world may be away or misbehave. */
export const SIGNING_SERVICES = ['certificates', 'ocsp', 'crl', 'tsa'] as const;
export type SigningService = (typeof SIGNING_SERVICES)[number];

/** `wrong`: answers about something else; `refuse`: does not certify this person. */
export const SIGNING_BEHAVIOURS = ['no-answer', 'reset', 'error', 'truncated', 'wrong', 'refuse'] as const;
export type SigningBehaviour = (typeof SIGNING_BEHAVIOURS)[number];

export interface SigningScript {
  readonly service: SigningService;
  readonly behaviour: SigningBehaviour;
  times: number;
}

/** What the authority noted of a certificate: for whom is in the certificate alone. */
export interface NotedCertificate {
  readonly requestId: string;
  readonly serial: string;
  readonly asOf: string;
}

interface Visit {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly asOf: string;
}

const answered = (type: string, body: string | Buffer, status = 200): BinaryAnswer => ({
  status,
  headers: { 'content-type': type },
  body,
  delivery: {},
});
const pem = (certificate: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${(certificate.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** A certificate authority with its registration desk, revocation services and time-stamping authority, behind one path. */
export class SigningDesk {
  readonly issued: NotedCertificate[] = [];
  private scripts: SigningScript[] = [];
  private readonly outages = new Map<SigningService, string>();
  private readonly revoked = new Map<string, number>();
  private authority: Promise<Authority> | undefined;

  private readonly clock: () => number;

  constructor(
    private readonly options: {
      readonly secrets: Readonly<Record<string, string>>;
      readonly authorityFile?: string;
      readonly rootFile?: string;
      readonly authorityClock?: () => number;
    },
    private readonly register: Register,
  ) {
    this.clock = options.authorityClock ?? Date.now;
    // Whoever trusts it has to have its root before anything is signed.
    if (options.rootFile !== undefined) void this.open();
  }

  script(script: SigningScript): void {
    this.scripts.push(script);
  }

  goOut(service: SigningService, until: string): void {
    this.outages.set(service, until);
  }

  clear(): void {
    this.scripts = [];
    this.outages.clear();
  }

  revoke(serial: string): void {
    this.revoked.set(serial, this.clock());
  }

  async answer(visit: Visit): Promise<BinaryAnswer | undefined> {
    const service = serviceAt(visit);
    if (visit.path === '/ca/root.pem') return answered('application/x-pem-file', pem((await this.open()).root.der));
    if (visit.path === '/ca/health') return this.health(visit.asOf);
    if (service === undefined) return undefined;
    if (this.isOut(service, visit.asOf)) return answered('text/plain', 'down for maintenance', 503);
    const behaviour = this.take(service);
    if (behaviour === 'refuse') return answered('application/json', '{"code":"IDENTITY_NOT_CONFIRMED"}', 403);
    const answer = await this.serve(service, visit, behaviour === 'wrong').catch(() => answered('text/plain', 'not understood', 400));
    if (behaviour === undefined || behaviour === 'wrong') return answer;
    return { ...answer, delivery: { fault: behaviour } };
  }

  private open(): Promise<Authority> {
    const { authorityFile, rootFile } = this.options;
    return (this.authority ??= Authority.open(authorityFile, this.clock()).then((authority) => {
      if (rootFile !== undefined) writeFileSync(rootFile, pem(authority.root.der));
      return authority;
    }));
  }

  private isOut(service: SigningService, asOf: string): boolean {
    const until = this.outages.get(service);
    return until !== undefined && asOf < until;
  }

  private health(asOf: string): BinaryAnswer {
    const away = SIGNING_SERVICES.filter((service) => this.isOut(service, asOf));
    return answered('application/json', JSON.stringify({ away }), away.length === 0 ? 200 : 503);
  }

  private take(service: SigningService): SigningBehaviour | undefined {
    const script = this.scripts.find((each) => each.service === service && each.times > 0);
    if (!script) return undefined;
    script.times -= 1;
    return script.behaviour;
  }

  private async serve(service: SigningService, visit: Visit, isWrong: boolean): Promise<BinaryAnswer> {
    const authority = await this.open();
    const now = this.clock();
    switch (service) {
      case 'certificates':
        return this.certificate(authority, visit, isWrong);
      case 'ocsp': {
        if (isWrong) for (const serial of serialsIn(visit.body)) this.revoked.set(serial, now);
        return answered('application/ocsp-response', await ocspAnswer(visit.body, authority.issuing, this.revoked, now));
      }
      case 'crl': {
        const issuer = visit.path.endsWith('/root.crl') ? authority.root : authority.issuing;
        return answered('application/pkix-crl', await revocationList(issuer, this.revoked, now));
      }
      case 'tsa':
        return answered('application/timestamp-reply', await timeStamp(visit.body, authority, now, isWrong));
    }
  }

  private async certificate(authority: Authority, { headers, body, asOf }: Visit, isWrong: boolean): Promise<BinaryAnswer> {
    const signature = Buffer.from(String(headers['x-signature'] ?? ''), 'hex');
    const expected = createHmac('sha256', this.options.secrets.ca ?? '')
      .update(body)
      .digest();
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return answered('text/plain', 'signature', 401);
    const asked = JSON.parse(body.toString('utf8')) as { requestId: string; csr: string; name: string; idNumber?: string };
    if (asked.idNumber !== undefined && this.register.identity({ name: asked.name, idNumber: asked.idNumber }) !== 'same')
      return answered('application/json', '{"code":"IDENTITY_NOT_CONFIRMED"}', 403);
    const certificate = await authority.issue(Buffer.from(asked.csr, 'base64'), isWrong ? 'Somebody Else' : asked.name, this.clock());
    if (!certificate) return answered('application/json', '{"code":"REQUEST_NOT_VALID"}', 400);
    const serial = Buffer.from(certificate.serialNumber.valueBlock.valueHexView).toString('hex');
    this.issued.push({ requestId: asked.requestId, serial, asOf });
    return answered(
      'application/json',
      JSON.stringify({
        certificate: der(certificate).toString('base64'),
        chain: [authority.issuing.der.toString('base64')],
        timeStampingCertificate: authority.timeStamping.der.toString('base64'),
      }),
    );
  }
}

function serviceAt({ method, path }: Visit): SigningService | undefined {
  if (method === 'POST' && path === '/ca/certificates') return 'certificates';
  if (method === 'POST' && path === '/ca/ocsp') return 'ocsp';
  if (method === 'POST' && path === '/ca/tsa') return 'tsa';
  if (method === 'GET' && /^\/ca\/(root|issuing)\.crl$/.test(path)) return 'crl';
  return undefined;
}
