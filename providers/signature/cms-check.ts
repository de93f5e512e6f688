import * as pkijs from 'pkijs';
import { bytes, essCertificate, ID_DATA, ID_SIGNING_CERTIFICATE, ID_TIME_STAMP, sha256 } from './cms';
import { Fault, must } from './trust';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const ID_CONTENT_TYPE = '1.2.840.113549.1.9.3';
const ID_MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

type Encoded = { toBER(): ArrayBuffer };

/** One signature as it was found, with the certificate that it names. */
interface Signed {
  readonly data: pkijs.SignedData;
  readonly signer: pkijs.SignerInfo;
  readonly certificate: pkijs.Certificate;
}

/** A document's signature and the time stamp over it; both hold, whoever made them. */
export interface CheckedSignature {
  readonly certificate: pkijs.Certificate;
  readonly stampedAt: Date;
  readonly stamper: pkijs.Certificate;
}

const attribute = (attributes: readonly pkijs.Attribute[], type: string): Encoded => {
  const [found, ...more] = attributes.filter((each) => each.type === type);
  if (found?.values.length !== 1 || more.length > 0) throw new Fault('a signature without what it has to say');
  return found.values[0] as Encoded;
};

const derOf = (value: Encoded): Buffer => Buffer.from(value.toBER());

/** Exactly one signer, one certificate of theirs, SHA-256, and the attributes that a signature of ours has. */
function signedOf(cms: Buffer, contentType: string): Signed {
  const data = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(bytes(cms)).content });
  const [signer, ...others] = data.signerInfos;
  if (!signer || others.length > 0) throw new Fault('another number of signers than one');
  must(data.encapContentInfo.eContentType === contentType, 'a signature over another kind of content');
  must(signer.digestAlgorithm.algorithmId === SHA256, 'a signature over a weak hash');
  const sid = signer.sid as pkijs.IssuerAndSerialNumber;
  const named = (data.certificates ?? []).filter(
    (each): each is pkijs.Certificate =>
      each instanceof pkijs.Certificate && each.serialNumber.isEqual(sid.serialNumber) && each.issuer.isEqual(sid.issuer),
  );
  const [certificate, ...twins] = named;
  if (!certificate || twins.length > 0) throw new Fault('a signature without its certificate');
  const attributes = signer.signedAttrs?.attributes ?? [];
  const der = Buffer.from(certificate.toSchema().toBER());
  must(
    derOf(attribute(attributes, ID_SIGNING_CERTIFICATE)).equals(derOf(essCertificate(der))),
    'a signature that names another certificate',
  );
  must(derOf(attribute(attributes, ID_CONTENT_TYPE)).subarray(2).equals(oid(contentType)), 'a signature over another kind of content');
  return { data, signer, certificate };
}

/** The bytes of an object identifier, without tag and length. */
function oid(value: string): Buffer {
  const [first = 0, second = 0, ...rest] = value.split('.').map(Number);
  const parts = [first * 40 + second, ...rest].map((part) => {
    const digits = [part & 0x7f];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return Buffer.from(parts.flat());
}

const digestOf = ({ signer }: Signed): Buffer => derOf(attribute(signer.signedAttrs?.attributes ?? [], ID_MESSAGE_DIGEST)).subarray(2);

/** Throws a Fault unless a detached signature holds over `content`, and a time stamp over that very signature. */
export async function checkedSignature(cms: Buffer, content: Buffer): Promise<CheckedSignature> {
  const signed = signedOf(cms, ID_DATA);
  must(signed.data.encapContentInfo.eContent === undefined, 'a signature that brings its own content along');
  must(digestOf(signed).equals(sha256(content)), 'a signature over other bytes');
  must(await signed.data.verify({ signer: 0, data: bytes(content) }).catch(() => false), 'a signature that does not hold');
  const unsigned = signed.signer.unsignedAttrs?.attributes ?? [];
  must(unsigned.length === 1, 'more beside a signature than its time stamp');
  const stamp = await checkedStamp(derOf(attribute(unsigned, ID_TIME_STAMP)), Buffer.from(signed.signer.signature.valueBlock.valueHexView));
  return { certificate: signed.certificate, ...stamp };
}

async function checkedStamp(token: Buffer, value: Buffer): Promise<Omit<CheckedSignature, 'certificate'>> {
  const signed = signedOf(token, pkijs.id_eContentType_TSTInfo);
  const content = signed.data.encapContentInfo.eContent;
  if (!content) throw new Fault('an empty time stamp');
  const inside = Buffer.from(content.getValue());
  must(digestOf(signed).equals(sha256(inside)), 'a time stamp over other bytes');
  const info = pkijs.TSTInfo.fromBER(bytes(inside));
  must(info.messageImprint.hashAlgorithm.algorithmId === SHA256, 'a time stamp over a weak hash');
  must(Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView).equals(sha256(value)), 'a time stamp over something else');
  must(await signed.data.verify({ signer: 0, data: bytes(value) }).catch(() => false), 'a time stamp that does not hold');
  return { stampedAt: info.genTime, stamper: signed.certificate };
}
