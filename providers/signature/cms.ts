import { createHash, randomBytes, webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

/** Bytes in a buffer of their own, as pkijs takes them. */
export const bytes = (from: Uint8Array): ArrayBuffer => new Uint8Array(from).buffer;
export const sha256 = (of: Uint8Array): Buffer => createHash('sha256').update(of).digest();

export const ID_DATA = '1.2.840.113549.1.7.1';
const ID_CONTENT_TYPE = '1.2.840.113549.1.9.3';
const ID_MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
export const ID_SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.47';
export const ID_TIME_STAMP = '1.2.840.113549.1.9.16.2.14';
const ID_SHA256 = '2.16.840.1.101.3.4.2.1';
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** A key of one signature: it never leaves the process, and is gone with it. */
export interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey;
  /** A request of RFC 2986 that proves who holds the key. Names nobody: the authority does. */
  readonly request: Buffer;
  /** The public key, as a certificate carries it. */
  readonly publicKey: Buffer;
}

export async function newSigningKey(): Promise<SigningKey> {
  const pair = await webcrypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const request = new pkijs.CertificationRequest({ version: 0 });
  await request.subjectPublicKeyInfo.importKey(pair.publicKey);
  await request.sign(pair.privateKey, 'SHA-256');
  return {
    privateKey: pair.privateKey,
    request: Buffer.from(request.toSchema(true).toBER()),
    publicKey: publicKeyOf(request.subjectPublicKeyInfo),
  };
}

export const publicKeyOf = (info: pkijs.PublicKeyInfo): Buffer => Buffer.from(info.subjectPublicKey.valueBlock.valueHexView);
export const certificateFrom = (der: Buffer): pkijs.Certificate => pkijs.Certificate.fromBER(bytes(der));
export const serialOf = (certificate: pkijs.Certificate): string =>
  Buffer.from(certificate.serialNumber.valueBlock.valueHexView).toString('hex');

const attribute = (type: string, value: asn1js.BaseBlock) => new pkijs.Attribute({ type, values: [value] });

/** ESS signing-certificate-v2 (RFC 5035): a signature is this certificate's, and no other's of the same key. */
export const essCertificate = (certificate: Buffer) =>
  new asn1js.Sequence({
    value: [
      new asn1js.Sequence({
        value: [new asn1js.Sequence({ value: [new asn1js.OctetString({ valueHex: bytes(sha256(certificate)) })] })],
      }),
    ],
  });

/** Stamps a hash: the token of RFC 3161, DER. */
export type Stamp = (imprint: Buffer) => Promise<Buffer>;

/** A detached CAdES signature (ETSI EN 319 122-1) with a time stamp over its value: PAdES baseline B-T. */
export async function signDetached(content: Buffer, key: SigningKey, chain: readonly [Buffer, ...Buffer[]], stamp: Stamp): Promise<Buffer> {
  const certificate = certificateFrom(chain[0]);
  const attributes = [
    attribute(ID_CONTENT_TYPE, new asn1js.ObjectIdentifier({ value: ID_DATA })),
    attribute(ID_MESSAGE_DIGEST, new asn1js.OctetString({ valueHex: bytes(sha256(content)) })),
    attribute(ID_SIGNING_CERTIFICATE, essCertificate(chain[0])),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.toSchema().toBER()), Buffer.from(b.toSchema().toBER())));
  const signer = new pkijs.SignerInfo({
    version: 1,
    sid: new pkijs.IssuerAndSerialNumber({ issuer: certificate.issuer, serialNumber: certificate.serialNumber }),
    signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes }),
  });
  const signed = new pkijs.SignedData({
    version: 1,
    encapContentInfo: new pkijs.EncapsulatedContentInfo({ eContentType: ID_DATA }),
    certificates: chain.map(certificateFrom),
    signerInfos: [signer],
  });
  await signed.sign(key.privateKey, 0, 'SHA-256', bytes(content));
  const token = await stamp(sha256(Buffer.from(signer.signature.valueBlock.valueHexView)));
  signer.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({
    type: 1,
    attributes: [attribute(ID_TIME_STAMP, asn1js.fromBER(bytes(token)).result)],
  });
  const info = new pkijs.ContentInfo({ contentType: pkijs.id_ContentType_SignedData, content: signed.toSchema(true) });
  return Buffer.from(info.toSchema().toBER());
}

/** A request of RFC 3161 for a token with its certificate. */
export function stampRequest(imprint: Buffer): Buffer {
  const request = new pkijs.TimeStampReq({
    version: 1,
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: ID_SHA256 }),
      hashedMessage: new asn1js.OctetString({ valueHex: bytes(imprint) }),
    }),
    nonce: new asn1js.Integer({ valueHex: bytes(Buffer.concat([Buffer.from([1]), randomBytes(8)])) }),
    certReq: true,
  });
  return Buffer.from(request.toSchema().toBER());
}

/** The token of an answer that grants it. Throws for any other. */
export function tokenIn(answer: Buffer): Buffer {
  const { status, timeStampToken } = pkijs.TimeStampResp.fromBER(bytes(answer));
  if (status.status !== 0 || !timeStampToken) throw new Error('no time stamp was granted');
  return Buffer.from(timeStampToken.toSchema().toBER());
}

/** Asks about one certificate (RFC 6960). */
export async function ocspRequest(certificate: Buffer, issuer: Buffer): Promise<Buffer> {
  const request = new pkijs.OCSPRequest();
  await request.createForCertificate(certificateFrom(certificate), {
    hashAlgorithm: 'SHA-1',
    issuerCertificate: certificateFrom(issuer),
  });
  return Buffer.from(request.toSchema(true).toBER());
}
