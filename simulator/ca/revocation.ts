import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { Holder } from './authority';
import { bytes, der, extension } from './der';

const DAY_MS = 86_400_000;

const serialOf = (integer: asn1js.Integer): string => Buffer.from(integer.valueBlock.valueHexView).toString('hex');

/** Whose certificates were revoked, by serial number, and when. */
export type Revoked = ReadonlyMap<string, number>;

/** Which certificates a request asks about: their serial numbers. Throws for what is no request of RFC 6960. */
export const serialsIn = (request: Buffer): string[] =>
  pkijs.OCSPRequest.fromBER(bytes(request)).tbsRequest.requestList.map(({ reqCert }) => serialOf(reqCert.serialNumber));

function statusOf(revokedAt: number | undefined): asn1js.BaseBlock {
  if (revokedAt === undefined) return new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, lenBlock: { length: 1 } });
  return new asn1js.Constructed({
    idBlock: { tagClass: 3, tagNumber: 1 },
    value: [new asn1js.GeneralizedTime({ valueDate: new Date(revokedAt) })],
  });
}

/** The answer of RFC 6960, signed by the issuer itself; good for a week. */
export async function ocspAnswer(request: Buffer, issuer: Holder, revoked: Revoked, now: number): Promise<Buffer> {
  const asked = pkijs.OCSPRequest.fromBER(bytes(request));
  const second = new Date(Math.floor(now / 1_000) * 1_000);
  const basic = new pkijs.BasicOCSPResponse();
  basic.tbsResponseData.responderID = issuer.certificate.subject;
  basic.tbsResponseData.producedAt = second;
  basic.tbsResponseData.responses = asked.tbsRequest.requestList.map(({ reqCert }) => {
    const single = new pkijs.SingleResponse({ certID: reqCert });
    single.certStatus = statusOf(revoked.get(serialOf(reqCert.serialNumber)));
    single.thisUpdate = second;
    single.nextUpdate = new Date(second.getTime() + 7 * DAY_MS);
    return single;
  });
  const nonce = asked.tbsRequest.requestExtensions?.find(({ extnID }) => extnID === '1.3.6.1.5.5.7.48.1.2');
  if (nonce) basic.tbsResponseData.responseExtensions = [nonce];
  basic.certs = [issuer.certificate];
  await basic.sign(issuer.privateKey, 'SHA-256');
  return der(
    new pkijs.OCSPResponse({
      responseStatus: new asn1js.Enumerated({ value: 0 }),
      responseBytes: new pkijs.ResponseBytes({
        responseType: pkijs.id_PKIX_OCSP_Basic,
        response: new asn1js.OctetString({ valueHex: basic.toSchema().toBER() }),
      }),
    }),
  );
}

/** A list of RFC 5280 of everything that the issuer revoked; good for a year, so that an archive can be checked offline. */
export async function revocationList(issuer: Holder, revoked: Revoked, now: number): Promise<Buffer> {
  const second = Math.floor(now / 1_000) * 1_000;
  const list = new pkijs.CertificateRevocationList({
    version: 1,
    issuer: issuer.certificate.subject,
    thisUpdate: new pkijs.Time({ type: 0, value: new Date(second) }),
    nextUpdate: new pkijs.Time({ type: 0, value: new Date(second + 365 * DAY_MS) }),
  });
  if (revoked.size > 0)
    list.revokedCertificates = [...revoked].map(
      ([serial, at]) =>
        new pkijs.RevokedCertificate({
          userCertificate: new asn1js.Integer({ valueHex: bytes(Buffer.from(serial, 'hex')) }),
          revocationDate: new pkijs.Time({ type: 0, value: new Date(at) }),
        }),
    );
  const keyIdentifier = issuer.certificate.extensions?.find(({ extnID }) => extnID === '2.5.29.14');
  const authorityKey = keyIdentifier?.parsedValue as asn1js.OctetString | undefined;
  list.crlExtensions = new pkijs.Extensions({
    extensions: [
      ...(authorityKey ? [extension('2.5.29.35', new pkijs.AuthorityKeyIdentifier({ keyIdentifier: authorityKey }).toSchema())] : []),
      extension('2.5.29.20', new asn1js.Integer({ value: Math.floor(now / 1_000) })),
    ],
  });
  await list.sign(issuer.privateKey, 'SHA-256');
  return der(list);
}
