import { createHash, webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

/** Bytes in a buffer of their own, as pkijs takes them. */
export const bytes = (from: Uint8Array): ArrayBuffer => new Uint8Array(from).buffer;
export const der = (of: { toSchema(encodeFlag?: boolean): { toBER(): ArrayBuffer } }): Buffer => Buffer.from(of.toSchema(true).toBER());
export const sha256 = (of: Uint8Array): Buffer => createHash('sha256').update(of).digest();

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export interface KeyPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

export const newKeyPair = async (): Promise<KeyPair> => await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);

export const privateKeyFrom = (pkcs8: Buffer): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', pkcs8, CURVE, true, ['sign']);

export const commonName = (value: string): pkijs.RelativeDistinguishedNames =>
  new pkijs.RelativeDistinguishedNames({
    typesAndValues: [new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value }) })],
  });

export const extension = (extnID: string, value: { toBER(): ArrayBuffer }, critical = false): pkijs.Extension =>
  new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });

const attribute = (type: string, value: asn1js.BaseBlock): pkijs.Attribute => new pkijs.Attribute({ type, values: [value] });

/** RFC 5035: which certificate signs, by its SHA-256. */
export const signingCertificate = (certificate: Buffer): asn1js.Sequence =>
  new asn1js.Sequence({
    value: [
      new asn1js.Sequence({
        value: [new asn1js.Sequence({ value: [new asn1js.OctetString({ valueHex: bytes(sha256(certificate)) })] })],
      }),
    ],
  });

/** The attributes that are signed, as the set that DER asks for. */
export function signedAttributes(contentType: string, content: Buffer, certificate: Buffer): pkijs.SignedAndUnsignedAttributes {
  const attributes = [
    attribute('1.2.840.113549.1.9.3', new asn1js.ObjectIdentifier({ value: contentType })),
    attribute('1.2.840.113549.1.9.4', new asn1js.OctetString({ valueHex: bytes(sha256(content)) })),
    attribute('1.2.840.113549.1.9.16.2.47', signingCertificate(certificate)),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.toSchema().toBER()), Buffer.from(b.toSchema().toBER())));
  return new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes });
}
