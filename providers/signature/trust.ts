import * as pkijs from 'pkijs';
import { bytes, certificateFrom, serialOf } from './cms';
import type { ValidationData } from './pdf-signature';

/** A reason why a document is not valid. Names no person. */
export class Fault extends Error {}

export function must(holds: boolean, fault: string): void {
  if (!holds) throw new Fault(fault);
}

const PATH_MAX = 5;
/** By how much the clocks of an authority's services may differ. */
const CLOCKS_MS = 10 * 60_000;
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

const parsedExtension = (certificate: pkijs.Certificate, id: string): unknown =>
  certificate.extensions?.find(({ extnID }) => extnID === id)?.parsedValue as unknown;

const isAuthority = (certificate: pkijs.Certificate): boolean =>
  (parsedExtension(certificate, '2.5.29.19') as { cA?: boolean } | undefined)?.cA === true;

/** RFC 5280, 4.2.1.3: the first byte of the key's usages. */
const usages = (certificate: pkijs.Certificate): number =>
  (parsedExtension(certificate, '2.5.29.15') as { valueBlock?: { valueHexView: Uint8Array } } | undefined)?.valueBlock?.valueHexView[0] ??
  0;

const purposes = (certificate: pkijs.Certificate): readonly string[] =>
  (parsedExtension(certificate, '2.5.29.37') as { keyPurposes?: string[] } | undefined)?.keyPurposes ?? [];

/** Signs documents, and is made for nothing else. */
export const maySign = (certificate: pkijs.Certificate): boolean =>
  !isAuthority(certificate) && (usages(certificate) & 0xc0) !== 0 && purposes(certificate).length === 0;

/** Stamps times, and is made for nothing else (RFC 3161, 2.3). */
export const mayStamp = (certificate: pkijs.Certificate): boolean => {
  const [purpose, ...more] = purposes(certificate);
  return !isAuthority(certificate) && purpose === TIME_STAMPING && more.length === 0;
};

export const commonNameOf = (certificate: pkijs.Certificate): string =>
  certificate.subject.typesAndValues.find(({ type }) => type === '2.5.4.3')?.value.valueBlock.value ?? '';

const isValidAt = ({ notBefore, notAfter }: pkijs.Certificate, at: Date): boolean => notBefore.value <= at && at <= notAfter.value;

async function isIssuedBy(certificate: pkijs.Certificate, issuer: pkijs.Certificate): Promise<boolean> {
  if (!issuer.subject.isEqual(certificate.issuer)) return false;
  return certificate.verify(issuer).catch(() => false);
}

/** Whether certificates lead to roots that are trusted, and were good at a moment, by what a document itself carries. */
export class Trust {
  private readonly certificates: pkijs.Certificate[];
  private readonly responses: pkijs.BasicOCSPResponse[];
  private readonly lists: pkijs.CertificateRevocationList[];

  constructor(
    private readonly roots: readonly pkijs.Certificate[],
    validation: ValidationData,
  ) {
    this.certificates = validation.certificates.map(certificateFrom);
    this.responses = validation.ocspResponses.map((der) => {
      const response = pkijs.OCSPResponse.fromBER(bytes(der));
      return pkijs.BasicOCSPResponse.fromBER(bytes(new Uint8Array(response.responseBytes?.response.getValue() ?? [])));
    });
    this.lists = validation.revocationLists.map((der) => pkijs.CertificateRevocationList.fromBER(bytes(der)));
  }

  /** Throws a Fault unless a certificate leads to a trusted root, every one on the way valid, and not revoked, at that moment. */
  async assertGood(certificate: pkijs.Certificate, at: Date): Promise<void> {
    const [leaf, ...authorities] = await this.path(certificate, at);
    const [issuer] = authorities;
    if (!leaf || !issuer) throw new Fault('a certificate that leads to no trusted root');
    await this.assertAnsweredGood(leaf, issuer, at);
    let issued = leaf;
    for (const authority of authorities) {
      await this.assertNotListed(issued, authority, at);
      issued = authority;
    }
  }

  /** From a certificate up to its root. */
  private async path(certificate: pkijs.Certificate, at: Date): Promise<pkijs.Certificate[]> {
    const path = [certificate];
    for (let current = certificate; path.length <= PATH_MAX;) {
      must(isValidAt(current, at), 'a certificate that was not valid at that time');
      const root = await this.issuerOf(current, this.roots);
      if (root) {
        must(isValidAt(root, at), 'a root that was not valid at that time');
        return [...path, root];
      }
      const issuer = await this.issuerOf(current, this.certificates);
      if (!issuer) break;
      path.push(issuer);
      current = issuer;
    }
    throw new Fault('a certificate that leads to no trusted root');
  }

  private async issuerOf(certificate: pkijs.Certificate, among: readonly pkijs.Certificate[]): Promise<pkijs.Certificate | undefined> {
    for (const each of among) if (isAuthority(each) && (await isIssuedBy(certificate, each))) return each;
    return undefined;
  }

  /** The issuer's own word, given for that moment, that a certificate is good (RFC 6960). */
  private async assertAnsweredGood(certificate: pkijs.Certificate, issuer: pkijs.Certificate, at: Date): Promise<void> {
    for (const response of this.responses) {
      const { isForCertificate, status } = await response.getCertificateStatus(certificate, issuer);
      if (!isForCertificate) continue;
      const engine = pkijs.getCrypto(true);
      const { signature, signatureAlgorithm, tbsResponseData } = response;
      const signed = await engine
        .verifyWithPublicKey(tbsResponseData.tbsView as never, signature as never, issuer.subjectPublicKeyInfo, signatureAlgorithm)
        .catch(() => false);
      must(signed, 'a word about revocation that the issuer did not sign');
      const serial = serialOf(certificate);
      const answer = tbsResponseData.responses.find(
        ({ certID }) => Buffer.from(certID.serialNumber.valueBlock.valueHexView).toString('hex') === serial,
      );
      must(answer !== undefined && isCurrent(answer.thisUpdate, answer.nextUpdate, at), 'a word about revocation of another time');
      must(status === 0, 'a certificate that was revoked');
      return;
    }
    throw new Fault('a certificate about whose revocation nothing is known');
  }

  /** Its issuer's list, of that moment, without it (RFC 5280, 5). */
  private async assertNotListed(certificate: pkijs.Certificate, issuer: pkijs.Certificate, at: Date): Promise<void> {
    for (const list of this.lists) {
      if (!list.issuer.isEqual(issuer.subject)) continue;
      must(await list.verify({ issuerCertificate: issuer }).catch(() => false), 'a revocation list that its issuer did not sign');
      must(isCurrent(list.thisUpdate.value, list.nextUpdate?.value, at), 'a revocation list of another time');
      const revoked = list.revokedCertificates?.some(({ userCertificate }) => userCertificate.isEqual(certificate.serialNumber));
      must(revoked !== true, 'a certificate that was revoked');
      return;
    }
    throw new Fault('an authority whose revocation list is missing');
  }
}

const isCurrent = (from: Date, until: Date | undefined, at: Date): boolean =>
  from.getTime() <= at.getTime() + CLOCKS_MS && until !== undefined && at <= until;
