import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { findPyHanko } from '../../dev/stack/pyhanko';
import { instant } from '../../domain/time/dates';
import {
  bytes,
  certificateFrom,
  ID_TIME_STAMP,
  newSigningKey,
  ocspRequest,
  sha256,
  signDetached,
  stampRequest,
  tokenIn,
  type SigningKey,
} from '../../providers/signature/cms';
import { extended, PdfFile, stream } from '../../providers/signature/pdf-revision';
import type { ValidationData } from '../../providers/signature/pdf-signature';
import { Verifier } from '../../providers/signature/verify';
import { contractPdf } from '../../services/application/contract-pdf';
import { Authority } from '../../simulator/ca/authority';
import { ocspAnswer, revocationList } from '../../simulator/ca/revocation';
import { timeStamp } from '../../simulator/ca/time-stamps';
import { inFolder } from '../../dev/pdf-tools';
import { createHash as hashOf } from 'node:crypto';

export const NOW_MS = Date.now();
export const DAY_MS = 86_400_000;
export const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

export const contract = (words: string) =>
  contractPdf(
    [
      { kind: 'title', line: `个人贷款合同 ${words}` },
      { kind: 'line', line: words },
    ],
    instant('2026-11-30T08:00:00Z'),
  );

export interface Signer {
  readonly key: SigningKey;
  readonly certificate: Buffer;
}

export interface World {
  readonly authority: Authority;
  readonly rootPem: string;
  signer(name: string, at?: number): Promise<Signer>;
  stamp(imprint: Buffer, at?: number): Promise<Buffer>;
  sign(content: Buffer, signer: Signer): Promise<Buffer>;
  validation(
    certificates: readonly Buffer[],
    over?: { ocspAt?: number; revoked?: ReadonlyMap<string, number>; inList?: ReadonlyMap<string, number> },
  ): Promise<ValidationData>;
  faults(document: Buffer): Promise<readonly string[]>;
}

/** The real authority of simulator/ca, behind no HTTP. */
export async function signingWorld(): Promise<World> {
  const authority = await Authority.open(undefined, NOW_MS);
  const stamp = async (imprint: Buffer, at = NOW_MS) => tokenIn(await timeStamp(stampRequest(imprint), authority, at));
  const none = new Map<string, number>();
  return {
    authority,
    rootPem: pem(authority.root.der),
    async signer(name, at = NOW_MS) {
      const key = await newSigningKey();
      const made = await authority.issue(key.request, name, at);
      if (!made) throw new Error('not issued');
      return { key, certificate: Buffer.from(made.toSchema(true).toBER()) };
    },
    stamp,
    sign: (content, { key, certificate }) => signDetached(content, key, [certificate, authority.issuing.der], (imprint) => stamp(imprint)),
    async validation(certificates, { ocspAt = NOW_MS, revoked = none, inList = revoked } = {}) {
      const all = [...certificates, authority.timeStamping.der];
      return {
        certificates: [...all, authority.issuing.der],
        ocspResponses: await Promise.all(
          all.map(async (each) => ocspAnswer(await ocspRequest(each, authority.issuing.der), authority.issuing, revoked, ocspAt)),
        ),
        revocationLists: [await revocationList(authority.root, inList, ocspAt), await revocationList(authority.issuing, inList, ocspAt)],
      };
    },
    // The forger chose what was "confirmed": whatever the document begins with.
    faults: async (document) => {
      const prepared = document.subarray(0, document.indexOf('%%EOF\n') + 6);
      const documentSha256 = hashOf('sha256').update(prepared).digest('hex');
      return (
        await new Verifier([authority.root.der]).verify(document, {
          documentSha256,
          signers: { Borrower: '王小明', Lender: 'Loanloom Example Consumer Finance Ltd' },
        })
      ).faults;
    },
  };
}

/** A revision that fills a field, by hands that may do anything: room, range and further objects are the attacker's. */
export function open(
  document: Buffer,
  field: 'Borrower' | 'Lender',
  options: {
    digits?: number;
    validation?: ValidationData;
    range?: (honest: readonly [number, number, number, number]) => readonly number[];
    trailer?: (text: string) => string;
    also?: (file: PdfFile, objects: Map<number, Buffer>, add: (body: Buffer) => string) => void;
  } = {},
): { content: Buffer; withSignature(cms: Buffer): Buffer } {
  const { digits = 49_152, validation } = options;
  const placeholder = `/ByteRange [0 ${'0'.repeat(10)} ${'0'.repeat(10)} ${'0'.repeat(10)}]`;
  const file = new PdfFile(document);
  const objects = new Map<number, Buffer>();
  let next = file.size;
  const add = (body: Buffer) => {
    objects.set(next, body);
    next += 1;
    return `${String(next - 1)} 0 R`;
  };
  const signature = add(
    Buffer.from(
      `<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/Reason (${field} signs the loan contract)\n/M (D:${new Date(NOW_MS).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z)\n${placeholder}\n/Contents <${'0'.repeat(digits)}>\n>>`,
    ),
  );
  const number = file.field(field);
  objects.set(number, extended(file.dictionary(number), `/V ${signature}`));
  if (validation) {
    const list = (all: readonly Buffer[]) => all.map((each) => add(stream(each))).join(' ');
    const store = add(
      Buffer.from(
        `<<\n/Type /DSS\n/Certs [${list(validation.certificates)}]\n/OCSPs [${list(validation.ocspResponses)}]\n/CRLs [${list(validation.revocationLists)}]\n>>`,
      ),
    );
    objects.set(file.root, extended(file.dictionary(file.root), `/DSS ${store}`));
  }
  options.also?.(file, objects, add);
  let whole = file.withRevision(objects);
  if (options.trailer) {
    const at = whole.lastIndexOf('trailer');
    whole = Buffer.concat([whole.subarray(0, at), Buffer.from(options.trailer(whole.toString('latin1', at)), 'latin1')]);
  }
  const range = whole.indexOf(placeholder, document.length, 'latin1');
  const contents = whole.indexOf('/Contents <', range, 'latin1') + '/Contents '.length;
  const after = contents + digits + 2;
  const honest = [0, contents, after, whole.length - after] as const;
  const [a = 0, b = 0, c = 0, d = 0] = options.range?.(honest) ?? honest;
  whole.write(`/ByteRange [${String(a)} ${String(b)} ${String(c)} ${String(d)}`.padEnd(placeholder.length - 1) + ']', range, 'latin1');
  return {
    content: Buffer.concat([whole.subarray(a, a + b), whole.subarray(c, c + d)]),
    withSignature(cms) {
      const hex = cms.toString('hex');
      if (hex.length > digits) throw new Error(`no room: ${String(hex.length)}`);
      const signed = Buffer.from(whole);
      signed.write(hex, contents + 1, 'latin1');
      return signed;
    },
  };
}

/** What pyHanko says of each signature with one trusted root. */
export async function pyHankoSays(document: Buffer, rootPem: string, verb: 'validate' | 'adesverify' = 'validate') {
  const pyHanko = await findPyHanko();
  return inFolder(async (folder) => {
    const [file, root] = [join(folder, 'file.pdf'), join(folder, 'root.pem')];
    await writeFile(file, document);
    await writeFile(root, rootPem);
    return pyHanko('sign', verb, '--trust-replace', '--trust', root, file);
  });
}

const name = (value: string) =>
  new pkijs.RelativeDistinguishedNames({
    typesAndValues: [new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value }) })],
  });

export interface Fake {
  readonly privateKey: webcrypto.CryptoKey;
  readonly certificate: pkijs.Certificate;
  readonly der: Buffer;
}

/** A certificate of nobody's: the forger's own key, subject and serial number of a real one, issuer as it likes. Signed by itself. */
export async function fakeOf(real: Buffer, issuer: string | undefined): Promise<Fake> {
  const model = certificateFrom(real);
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const made = new pkijs.Certificate({
    version: 2,
    serialNumber: model.serialNumber,
    subject: model.subject,
    issuer: issuer === undefined ? model.issuer : name(issuer),
    notBefore: new pkijs.Time({ type: 0, value: new Date(NOW_MS - DAY_MS) }),
    notAfter: new pkijs.Time({ type: 0, value: new Date(NOW_MS + DAY_MS) }),
  });
  await made.subjectPublicKeyInfo.importKey(pair.publicKey);
  if (model.extensions) made.extensions = model.extensions;
  await made.sign(pair.privateKey, 'SHA-256');
  return { privateKey: pair.privateKey, certificate: made, der: Buffer.from(made.toSchema(true).toBER()) };
}

const attribute = (type: string, value: asn1js.BaseBlock) => new pkijs.Attribute({ type, values: [value] });
const ess = (certificate: Buffer) =>
  new asn1js.Sequence({
    value: [
      new asn1js.Sequence({ value: [new asn1js.Sequence({ value: [new asn1js.OctetString({ valueHex: bytes(sha256(certificate)) })] })] }),
    ],
  });

/** A CMS by the forger's key that shows whichever certificates it likes. */
async function forgedCms(of: {
  content: Buffer;
  type: string;
  inside: boolean;
  fake: Fake;
  shown: readonly Buffer[];
  named: Buffer;
  hash?: 'SHA-1';
}) {
  const attributes = [
    attribute('1.2.840.113549.1.9.3', new asn1js.ObjectIdentifier({ value: of.type })),
    attribute(
      '1.2.840.113549.1.9.4',
      new asn1js.OctetString({
        valueHex: bytes(of.hash === undefined ? sha256(of.content) : createHash('sha1').update(of.content).digest()),
      }),
    ),
    attribute('1.2.840.113549.1.9.16.2.47', ess(of.named)),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.toSchema().toBER()), Buffer.from(b.toSchema().toBER())));
  const signer = new pkijs.SignerInfo({
    version: 1,
    sid: new pkijs.IssuerAndSerialNumber({ issuer: of.fake.certificate.issuer, serialNumber: of.fake.certificate.serialNumber }),
    signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes }),
  });
  const encap = new pkijs.EncapsulatedContentInfo({ eContentType: of.type });
  if (of.inside) encap.eContent = new asn1js.OctetString({ valueHex: bytes(of.content) });
  const signed = new pkijs.SignedData({
    version: of.inside ? 3 : 1,
    encapContentInfo: encap,
    certificates: of.shown.map(certificateFrom),
    signerInfos: [signer],
  });
  await signed.sign(of.fake.privateKey, 0, of.hash ?? 'SHA-256', bytes(of.content));
  return { signed, signer };
}

const derOf = (signed: pkijs.SignedData) =>
  Buffer.from(new pkijs.ContentInfo({ contentType: pkijs.id_ContentType_SignedData, content: signed.toSchema(true) }).toSchema().toBER());

export interface Guise {
  readonly fake: Fake;
  readonly shown: readonly Buffer[];
  readonly named: Buffer;
}

/** A signature with a time stamp, both by keys of the forger's alone. */
export async function forgedSignature(content: Buffer, as: Guise, stamper: Guise): Promise<Buffer> {
  const { signed, signer } = await forgedCms({ content, type: '1.2.840.113549.1.7.1', inside: false, ...as });
  const info = new pkijs.TSTInfo({
    version: 1,
    policy: '1.3.6.1.4.1.99999.1',
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: '2.16.840.1.101.3.4.2.1' }),
      hashedMessage: new asn1js.OctetString({ valueHex: bytes(sha256(Buffer.from(signer.signature.valueBlock.valueHexView))) }),
    }),
    serialNumber: new asn1js.Integer({ value: 7 }),
    genTime: new Date(Math.floor(NOW_MS / 1000) * 1000),
  });
  const token = await forgedCms({
    content: Buffer.from(info.toSchema().toBER()),
    type: pkijs.id_eContentType_TSTInfo,
    inside: true,
    ...stamper,
  });
  signer.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({
    type: 1,
    attributes: [attribute(ID_TIME_STAMP, asn1js.fromBER(bytes(derOf(token.signed))).result)],
  });
  return derOf(signed);
}

/** A detached CMS with the content that it was made over put inside: nothing of it is signed anew. */
export function withContentInside(cms: Buffer, content: Buffer): Buffer {
  const signed = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(bytes(cms)).content });
  const encap = new pkijs.EncapsulatedContentInfo({ eContentType: '1.2.840.113549.1.7.1' });
  encap.eContent = new asn1js.OctetString({ valueHex: bytes(content) });
  signed.encapContentInfo = encap;
  return derOf(signed);
}

/** Both sign honestly, as pades.ts does. */
export async function honest(world: World, document: Buffer, borrower: Signer, lender: Signer): Promise<Buffer> {
  const first = open(document, 'Borrower');
  const half = first.withSignature(await world.sign(first.content, borrower));
  const last = open(half, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate]) });
  return last.withSignature(await world.sign(last.content, lender));
}

/** A PDF of one page by hand: `after` stands behind the header. */
export function tinyPdf(words: string, after = ''): Buffer {
  const page = `BT /F1 24 Tf 72 700 Td (${words}) Tj ET`;
  const objects = [
    '<<\n/Type /Catalog\n/Pages 2 0 R\n/AcroForm 3 0 R\n>>',
    '<<\n/Type /Pages\n/Kids [4 0 R]\n/Count 1\n>>',
    '<<\n/Fields [6 0 R 7 0 R]\n/SigFlags 3\n>>',
    '<<\n/Type /Page\n/Parent 2 0 R\n/MediaBox [0 0 595 842]\n/Contents 5 0 R\n/Resources << /Font << /F1 8 0 R >> >>\n/Annots [6 0 R 7 0 R]\n>>',
    `<<\n/Length ${String(page.length)}\n>>\nstream\n${page}\nendstream`,
    '<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Borrower)\n/F 132\n/Rect [0 0 0 0]\n/P 4 0 R\n>>',
    '<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Lender)\n/F 132\n/Rect [0 0 0 0]\n/P 4 0 R\n>>',
    '<<\n/Type /Font\n/Subtype /Type1\n/BaseFont /Helvetica\n>>',
  ];
  let text = `%PDF-1.7\n${after}`;
  const offsets = objects.map((body, index) => {
    const at = text.length;
    text += `${String(index + 1)} 0 obj\n${body}\nendobj\n`;
    return at;
  });
  const start = text.length;
  text += `xref\n0 ${String(objects.length + 1)}\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}`;
  text += `trailer\n<<\n/Size ${String(objects.length + 1)}\n/Root 1 0 R\n>>\nstartxref\n${String(start)}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/** An honest signer's signature over SHA-1. */
export async function weakSignature(world: World, content: Buffer, { key, certificate }: Signer): Promise<Buffer> {
  const fake = { privateKey: key.privateKey, certificate: certificateFrom(certificate), der: certificate };
  const shown = [certificate, world.authority.issuing.der];
  const { signed, signer } = await forgedCms({
    content,
    type: '1.2.840.113549.1.7.1',
    inside: false,
    fake,
    shown,
    named: certificate,
    hash: 'SHA-1',
  });
  const token = await world.stamp(sha256(Buffer.from(signer.signature.valueBlock.valueHexView)));
  signer.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({
    type: 1,
    attributes: [attribute(ID_TIME_STAMP, asn1js.fromBER(bytes(token)).result)],
  });
  return derOf(signed);
}

/** A signature as a forger finds it in a document. */
export function signatureIn(document: Buffer, field: string): { cms: Buffer; content: Buffer } | undefined {
  const file = new PdfFile(document);
  const text = file.dictionary(file.reference(file.field(field), 'V'));
  const [, length = 0, second = 0, rest = 0] = (/\/ByteRange \[([\d ]+)\]/.exec(text)?.[1] ?? '').trim().split(/\s+/).map(Number);
  const digits = /\/Contents <([0-9a-f]*)>/.exec(text)?.[1] ?? '';
  return {
    cms: Buffer.from(digits, 'hex'),
    content: Buffer.concat([document.subarray(0, length), document.subarray(second, second + rest)]),
  };
}
