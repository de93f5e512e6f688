import * as pkijs from 'pkijs';
import { bytes, certificateFrom, ID_SIGNING_CERTIFICATE, ID_TIME_STAMP, serialOf, sha256 } from './cms';
import { signatureIn, validationDataIn, type SignatureInFile, type ValidationData } from './pdf-signature';
import { SIGNATURE_FIELDS, type FoundSignature, type Verification } from './port';

const CHECKED = [
  'both fields are signed, and the last signature covers the whole file',
  'each signature holds over the bytes that it covers, and names its certificate',
  'each certificate leads to a trusted root, and was good when it signed',
  'each time stamp is of a trusted authority, over that very signature',
] as const;

interface Stamped {
  readonly at: Date;
  readonly certificate: pkijs.Certificate;
}

/** A reason why a document is not valid. */
class Fault extends Error {}

function must(holds: boolean, fault: string): void {
  if (!holds) throw new Fault(fault);
}

const signedDataOf = (cms: Buffer): pkijs.SignedData => new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(bytes(cms)).content });

function signerOf(signed: pkijs.SignedData): { signer: pkijs.SignerInfo; certificate: pkijs.Certificate } {
  const [signer] = signed.signerInfos;
  const certificates = (signed.certificates ?? []).filter((each): each is pkijs.Certificate => each instanceof pkijs.Certificate);
  const sid = signer?.sid as pkijs.IssuerAndSerialNumber | undefined;
  const certificate = certificates.find((each) => sid?.serialNumber.isEqual(each.serialNumber) === true);
  if (!signer || !certificate) throw new Fault('a signature without its certificate');
  const ess = signer.signedAttrs?.attributes.find(({ type }) => type === ID_SIGNING_CERTIFICATE)?.values[0] as
    { toBER(): ArrayBuffer } | undefined;
  const digest = sha256(Buffer.from(certificate.toSchema().toBER()));
  must(ess !== undefined && Buffer.from(ess.toBER()).includes(digest), 'a signature that names another certificate');
  return { signer, certificate };
}

/** Checks documents against roots that are trusted; needs nobody else. */
export class Verifier {
  private readonly roots: pkijs.Certificate[];

  constructor(roots: readonly Buffer[]) {
    this.roots = roots.map(certificateFrom);
  }

  async verify(document: Buffer): Promise<Verification> {
    const signatures: FoundSignature[] = [];
    try {
      const validation = validationDataIn(document);
      for (const field of SIGNATURE_FIELDS) {
        const found = signatureIn(document, field);
        if (!found) throw new Fault(`${field} has not signed`);
        signatures.push(await this.signature(found, validation, document.length));
      }
      must(signatures.at(-1)?.coversWholeFile === true, 'something was appended after the last signature');
      return { signatures, checked: CHECKED, faults: [] };
    } catch (error) {
      // What cannot be read is not valid; the library's own words may quote what it read.
      return { signatures, checked: CHECKED, faults: [error instanceof Fault ? error.message : 'the document cannot be read'] };
    }
  }

  private async signature(found: SignatureInFile, validation: ValidationData, length: number): Promise<FoundSignature> {
    must(found.isWellFormed, `${found.field}: the signed range leaves out more than the signature`);
    const signed = signedDataOf(found.cms);
    const { signer, certificate } = signerOf(signed);
    const stamped = await this.stamp(signer);
    const holds = await signed.verify({ signer: 0, data: bytes(found.content) }).catch(() => false);
    must(holds, `${found.field}: the signature does not hold`);
    await this.chain(certificate, stamped.at, validation);
    await this.isGood(certificate, validation);
    await this.chain(stamped.certificate, stamped.at, validation);
    await this.isGood(stamped.certificate, validation);
    return {
      field: found.field,
      certificateSerial: serialOf(certificate),
      stampedAt: stamped.at.toISOString(),
      coversWholeFile: found.end === length,
    };
  }

  /** The time stamp over a signature's value. */
  private async stamp(signer: pkijs.SignerInfo): Promise<Stamped> {
    const token = signer.unsignedAttrs?.attributes.find(({ type }) => type === ID_TIME_STAMP)?.values[0] as
      { toBER(): ArrayBuffer } | undefined;
    if (!token) throw new Fault('a signature without a time stamp');
    const signed = signedDataOf(Buffer.from(token.toBER()));
    const { certificate } = signerOf(signed);
    const purposes = certificate.extensions?.find(({ extnID }) => extnID === '2.5.29.37')?.parsedValue as pkijs.ExtKeyUsage | undefined;
    must(purposes?.keyPurposes.includes('1.3.6.1.5.5.7.3.8') === true, 'a time stamp by somebody who may not stamp');
    const value = bytes(signer.signature.valueBlock.valueHexView);
    must(await signed.verify({ signer: 0, data: value }).catch(() => false), 'a time stamp that does not hold');
    const content = signed.encapContentInfo.eContent;
    if (!content) throw new Fault('an empty time stamp');
    const info = pkijs.TSTInfo.fromBER(bytes(new Uint8Array(content.getValue())));
    const imprint = Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView);
    must(imprint.equals(sha256(new Uint8Array(value))), 'a time stamp over something else');
    return { at: info.genTime, certificate };
  }

  private async chain(certificate: pkijs.Certificate, at: Date, { certificates }: ValidationData): Promise<void> {
    const engine = new pkijs.CertificateChainValidationEngine({
      trustedCerts: this.roots,
      certs: [...certificates.map(certificateFrom), certificate],
      checkDate: at,
    });
    const { result } = await engine.verify();
    must(result, 'a certificate that leads to no trusted root, or was not valid at that time');
  }

  /** The issuer's own word, in the document, that a certificate was not revoked. */
  private async isGood(certificate: pkijs.Certificate, validation: ValidationData): Promise<void> {
    const issuer = validation.certificates.map(certificateFrom).find((each) => each.subject.isEqual(certificate.issuer));
    if (!issuer) throw new Fault('a certificate whose issuer is not in the document');
    for (const der of validation.ocspResponses) {
      const response = pkijs.OCSPResponse.fromBER(bytes(der));
      const basic = pkijs.BasicOCSPResponse.fromBER(bytes(new Uint8Array(response.responseBytes?.response.getValue() ?? [])));
      const { isForCertificate, status } = await basic.getCertificateStatus(certificate, issuer);
      if (!isForCertificate) continue;
      must(await basic.verify({ trustedCerts: this.roots }), 'a word about revocation that the issuer did not sign');
      must(status === 0, 'a certificate that was revoked');
      return;
    }
    throw new Fault('a certificate about whose revocation nothing is known');
  }
}
