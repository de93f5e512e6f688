import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes, webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { bytes, commonName, der, extension, newKeyPair, privateKeyFrom, type KeyPair } from './der';

/** A key with its certificate. */
export interface Holder {
  readonly privateKey: webcrypto.CryptoKey;
  readonly certificate: pkijs.Certificate;
  readonly der: Buffer;
}

const DAY_MS = 86_400_000;
const YEARS = (count: number) => count * 365 * DAY_MS;

/** RFC 5280, 4.2.1.3, from the left. */
const USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, cRLSign: 0x02 } as const;
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

interface Wanted {
  readonly name: string;
  readonly publicKey: webcrypto.CryptoKey | pkijs.PublicKeyInfo;
  readonly issuer?: Holder;
  readonly from: number;
  readonly until: number;
  readonly usage: number;
  readonly isAuthority?: boolean;
  readonly purpose?: string;
}

const keyIdentifier = async (certificate: pkijs.Certificate): Promise<ArrayBuffer> =>
  webcrypto.subtle.digest('SHA-1', certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView);

/** A certificate of RFC 5280 with the extensions that validators ask for. */
async function certify(wanted: Wanted, signWith: webcrypto.CryptoKey): Promise<pkijs.Certificate> {
  const certificate = new pkijs.Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ valueHex: bytes(Buffer.concat([Buffer.from([1]), randomBytes(15)])) }),
    subject: commonName(wanted.name),
    issuer: wanted.issuer ? wanted.issuer.certificate.subject : commonName(wanted.name),
    notBefore: new pkijs.Time({ type: 0, value: new Date(wanted.from) }),
    notAfter: new pkijs.Time({ type: wanted.until < Date.UTC(2050, 0) ? 0 : 1, value: new Date(wanted.until) }),
  });
  if (wanted.publicKey instanceof pkijs.PublicKeyInfo) certificate.subjectPublicKeyInfo = wanted.publicKey;
  else await certificate.subjectPublicKeyInfo.importKey(wanted.publicKey);
  const authorityKey = await keyIdentifier(wanted.issuer?.certificate ?? certificate);
  const isAuthority = wanted.isAuthority === true;
  certificate.extensions = [
    extension('2.5.29.19', new pkijs.BasicConstraints({ cA: isAuthority }).toSchema(), isAuthority),
    extension(
      '2.5.29.15',
      new asn1js.BitString({ valueHex: bytes(Buffer.from([wanted.usage])), unusedBits: unusedBits(wanted.usage) }),
      true,
    ),
    extension('2.5.29.14', new asn1js.OctetString({ valueHex: await keyIdentifier(certificate) })),
    extension(
      '2.5.29.35',
      new pkijs.AuthorityKeyIdentifier({ keyIdentifier: new asn1js.OctetString({ valueHex: authorityKey }) }).toSchema(),
    ),
    ...(wanted.purpose === undefined
      ? []
      : [extension('2.5.29.37', new pkijs.ExtKeyUsage({ keyPurposes: [wanted.purpose] }).toSchema(), true)]),
  ];
  await certificate.sign(signWith, 'SHA-256');
  return certificate;
}

function unusedBits(usage: number): number {
  let unused = 0;
  for (let rest = usage; (rest & 1) === 0 && unused < 8; rest >>= 1) unused += 1;
  return unused;
}

/** What is kept of the authority between starts. */
type Kept = Readonly<Record<'root' | 'issuing' | 'timeStamping', { readonly key: string; readonly certificate: string }>>;

const holder = (privateKey: webcrypto.CryptoKey, certificate: pkijs.Certificate): Holder => ({
  privateKey,
  certificate,
  der: der(certificate),
});

/** A root, an issuing authority below it, and a time-stamping authority: keys of their own, kept in a file where one is named. */
export class Authority {
  private constructor(
    readonly root: Holder,
    readonly issuing: Holder,
    readonly timeStamping: Holder,
  ) {}

  static async open(file: string | undefined, now: number): Promise<Authority> {
    if (file !== undefined && existsSync(file)) return Authority.read(JSON.parse(readFileSync(file, 'utf8')) as Kept);
    const authority = await Authority.create(now);
    if (file !== undefined) writeFileSync(file, JSON.stringify(await authority.kept()), { mode: 0o600 });
    return authority;
  }

  private static async create(now: number): Promise<Authority> {
    const from = now - DAY_MS;
    const sign = USAGE.keyCertSign | USAGE.cRLSign;
    const make = async (keys: KeyPair, wanted: Omit<Wanted, 'publicKey' | 'from'>) =>
      holder(keys.privateKey, await certify({ ...wanted, publicKey: keys.publicKey, from }, (wanted.issuer ?? keys).privateKey));
    const root = await make(await newKeyPair(), { name: 'Sandbox Root CA', until: now + YEARS(20), usage: sign, isAuthority: true });
    const issuing = await make(await newKeyPair(), {
      name: 'Sandbox Issuing CA',
      issuer: root,
      until: now + YEARS(10),
      usage: sign | USAGE.digitalSignature,
      isAuthority: true,
    });
    const timeStamping = await make(await newKeyPair(), {
      name: 'Sandbox Time Stamping Authority',
      issuer: issuing,
      until: now + YEARS(9),
      usage: USAGE.digitalSignature,
      purpose: TIME_STAMPING,
    });
    return new Authority(root, issuing, timeStamping);
  }

  private static async read(kept: Kept): Promise<Authority> {
    const open = async ({ key, certificate }: Kept['root']) =>
      holder(await privateKeyFrom(Buffer.from(key, 'base64')), pkijs.Certificate.fromBER(bytes(Buffer.from(certificate, 'base64'))));
    return new Authority(await open(kept.root), await open(kept.issuing), await open(kept.timeStamping));
  }

  private async kept(): Promise<Kept> {
    const keep = async ({ privateKey, der: certificate }: Holder) => ({
      key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)).toString('base64'),
      certificate: certificate.toString('base64'),
    });
    return { root: await keep(this.root), issuing: await keep(this.issuing), timeStamping: await keep(this.timeStamping) };
  }

  /** A certificate of an hour for whoever holds the request's key. Undefined where the request does not prove that. */
  async issue(request: Buffer, name: string, now: number): Promise<pkijs.Certificate | undefined> {
    const asked = pkijs.CertificationRequest.fromBER(bytes(request));
    if (!(await asked.verify().catch(() => false))) return undefined;
    const hour = 3_600_000;
    return certify(
      {
        name,
        publicKey: asked.subjectPublicKeyInfo,
        issuer: this.issuing,
        from: now - 60_000,
        until: now + hour,
        usage: USAGE.digitalSignature | USAGE.nonRepudiation,
      },
      this.issuing.privateKey,
    );
  }
}
