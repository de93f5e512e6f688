import { randomInt } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Authority } from './authority';
import { bytes, der, signedAttributes } from './der';

const POLICY = '1.3.6.1.4.1.99999.1';

/** The token of RFC 3161 over the imprint that a request carries. `isWrong`: over another one. Throws for what is no request. */
export async function timeStamp(
  request: Buffer,
  { timeStamping: authority, issuing: issuer }: Pick<Authority, 'timeStamping' | 'issuing'>,
  now: number,
  isWrong = false,
): Promise<Buffer> {
  const asked = pkijs.TimeStampReq.fromBER(bytes(request));
  if (isWrong) {
    const { hashedMessage } = asked.messageImprint;
    const other = Buffer.from(hashedMessage.valueBlock.valueHexView).map((byte) => byte ^ 0xff);
    asked.messageImprint.hashedMessage = new asn1js.OctetString({ valueHex: bytes(other) });
  }
  const info = new pkijs.TSTInfo({
    version: 1,
    policy: POLICY,
    messageImprint: asked.messageImprint,
    serialNumber: new asn1js.Integer({ value: randomInt(1, 2 ** 40) }),
    genTime: new Date(Math.floor(now / 1_000) * 1_000),
    ...(asked.nonce ? { nonce: asked.nonce } : {}),
  });
  const content = Buffer.from(info.toSchema().toBER());
  // Set afterwards: the constructor cuts content into pieces, which DER does not know.
  const whole = new pkijs.EncapsulatedContentInfo({ eContentType: pkijs.id_eContentType_TSTInfo });
  whole.eContent = new asn1js.OctetString({ valueHex: bytes(content) });
  const signed = new pkijs.SignedData({
    version: 3,
    encapContentInfo: whole,
    certificates: [authority.certificate, issuer.certificate],
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({
          issuer: authority.certificate.issuer,
          serialNumber: authority.certificate.serialNumber,
        }),
        signedAttrs: signedAttributes(pkijs.id_eContentType_TSTInfo, content, authority.der),
      }),
    ],
  });
  await signed.sign(authority.privateKey, 0, 'SHA-256');
  const token = new pkijs.ContentInfo({ contentType: pkijs.id_ContentType_SignedData, content: signed.toSchema(true) });
  return der(new pkijs.TimeStampResp({ status: new pkijs.PKIStatusInfo({ status: 0 }), timeStampToken: token }));
}
