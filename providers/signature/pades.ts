import { LoanloomError } from '../../domain/errors';
import { AuthorityClient, readable, SigningFault, type AuthorityLink, type Certified } from './authority-client';
import { certificateFrom, newSigningKey, publicKeyOf, signDetached, type SigningKey } from './cms';
import { openSignature, SignatureTooLarge, type ValidationData } from './pdf-signature';
import { expectedOf, type SealReply, type SealRequest, type SignatureProvider } from './port';
import { commonNameOf } from './trust';
import { Verifier } from './verify';

export interface PadesSettings {
  readonly link: AuthorityLink;
  /** Whose certificates are trusted, PEM: known beforehand, never taken from whoever is asked. */
  readonly trustedRoots: () => Promise<string>;
}

interface Signer {
  readonly key: SigningKey;
  readonly certified: Certified;
}

function certificatesIn(pem: string): Buffer[] {
  const found = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g)];
  if (found.length === 0) throw new LoanloomError('CONFIGURATION', 'SIGNATURE_ROOTS_FILE holds no certificate');
  return found.map(([, body = '']) => Buffer.from(body.replace(/\s/g, ''), 'base64'));
}

async function newSigner(authority: AuthorityClient, asked: { documentId: string; name: string; idNumber?: string }): Promise<Signer> {
  const key = await newSigningKey();
  const certified = await authority.certificate({ ...asked, csr: key.request });
  const certificate = readable('CA', () => certificateFrom(certified.certificate));
  if (!publicKeyOf(certificate.subjectPublicKeyInfo).equals(key.publicKey)) throw new SigningFault('CA_OTHER_KEY');
  if (commonNameOf(certificate) !== asked.name) throw new SigningFault('CA_OTHER_NAME');
  return { key, certified };
}

/** Everything that a validator needs when nobody can be asked any more: gathered before the last signature, and covered by it. */
async function validationData(authority: AuthorityClient, [borrower, lender]: readonly [Signer, Signer]): Promise<ValidationData> {
  const { chain, timeStampingCertificate } = lender.certified;
  const [issuer] = chain;
  if (!issuer) throw new SigningFault('CA_UNREADABLE');
  const signers = [borrower.certified.certificate, lender.certified.certificate, timeStampingCertificate];
  return {
    certificates: [...signers, ...chain],
    ocspResponses: await Promise.all(signers.map((each) => authority.ocsp(each, issuer))),
    revocationLists: await Promise.all([authority.revocationList('root'), authority.revocationList('issuing')]),
  };
}

/** The revisions of both signatures; the second holds the validation data too, so that nothing follows the last signature. */
async function sealed(authority: AuthorityClient, request: SealRequest): Promise<Buffer> {
  const { documentId, document, signer } = request;
  const stamp = (imprint: Buffer) => authority.timeStamp(imprint);
  const signWith = (content: Buffer, { key, certified }: Signer) =>
    signDetached(content, key, [certified.certificate, ...certified.chain], stamp);
  const borrower = await newSigner(authority, { documentId, ...signer });
  const lender = await newSigner(authority, { documentId, name: request.lender });
  const first = openSignature(document, 'Borrower', new Date());
  const half = first.withSignature(await signWith(first.content, borrower));
  const last = openSignature(half, 'Lender', new Date(), await validationData(authority, [borrower, lender]));
  return last.withSignature(await signWith(last.content, lender));
}

/**
 * Seals with PAdES baseline B-LT (ETSI EN 319 142-1): both signatures by certificates of an hour, whose keys exist for one
 * document only, stamped by a time-stamping authority, with chains and revocation answers inside. What was made is checked
 * against the trusted roots before it is given out; what does not hold is UNAVAILABLE, and made anew.
 */
export function createPadesProvider({ link, trustedRoots }: PadesSettings): SignatureProvider {
  let verifier: Promise<Verifier> | undefined;
  const opened = () =>
    (verifier ??= trustedRoots()
      .then((pem) => new Verifier(certificatesIn(pem)))
      .catch((error: unknown) => {
        verifier = undefined;
        throw error;
      }));
  return {
    name: 'pades',
    async missing(asOf, signal) {
      try {
        await opened();
      } catch {
        return 'ROOTS_UNREADABLE';
      }
      try {
        await new AuthorityClient(link, asOf, signal).health();
        return null;
      } catch (error) {
        return error instanceof SigningFault ? error.detail : 'UNREADABLE';
      }
    },
    async seal(request, signal): Promise<SealReply> {
      try {
        const document = await sealed(new AuthorityClient(link, request.asOf, signal), request);
        const verification = await (await opened()).verify(document, expectedOf(request));
        if (verification.faults.length > 0) return { kind: 'UNAVAILABLE', detail: 'NOT_VALID' };
        return { kind: 'SEALED', document, verification };
      } catch (error) {
        if (error instanceof SignatureTooLarge) return { kind: 'UNAVAILABLE', detail: 'SIGNATURE_TOO_LARGE' };
        if (!(error instanceof SigningFault)) throw error;
        return { kind: error.isRefusal ? 'REFUSED' : 'UNAVAILABLE', detail: error.detail };
      }
    },
    verify: async (document, expected) => (await opened()).verify(document, expected),
  };
}
