import { certificateFrom, serialOf, sha256 } from './cms';
import { checkedSignature } from './cms-check';
import { openSignature, revisionDate, validationDataIn, type Unsigned, type ValidationData } from './pdf-signature';
import { SIGNATURE_FIELDS, type ExpectedSeal, type FoundSignature, type SignatureField, type Verification } from './port';
import { commonNameOf, Fault, maySign, mayStamp, must, Trust } from './trust';

const CHECKED = [
  'it begins with the document that was confirmed, and holds two revisions that sign it, and nothing else',
  'each signature holds over everything before it, and names its certificate',
  'each certificate is of the one who has to sign, leads to a trusted root, and was good when it signed',
  'each time stamp is of a trusted authority, over that very signature',
] as const;

/**
 * Checks sealed documents against roots that are trusted; needs nobody else. Nothing of a document's structure is believed:
 * it is built anew from the confirmed document and the values that were found, and has to be the same bytes.
 */
export class Verifier {
  private readonly roots;

  constructor(roots: readonly Buffer[]) {
    this.roots = roots.map(certificateFrom);
  }

  async verify(document: Buffer, expected: ExpectedSeal): Promise<Verification> {
    const signatures: FoundSignature[] = [];
    try {
      const prepared = preparedIn(document, expected.documentSha256);
      const first = rebuilt(document, openSignature(prepared, 'Borrower', revisionDate(document, prepared.length)));
      const half = document.subarray(0, first.length);
      const validation = readable(() => validationDataIn(document));
      const last = rebuilt(document, openSignature(half, 'Lender', revisionDate(document, half.length), validation));
      must(last.length === document.length, 'something was appended after the last signature');
      const trust = readable(() => new Trust(this.roots, validation));
      for (const [index, each] of [first, last].entries()) {
        const field = SIGNATURE_FIELDS[index] ?? 'Lender';
        signatures.push(await this.signature(field, each, { trust, expected, isWhole: each.length === document.length }));
      }
      return { signatures, checked: CHECKED, faults: [] };
    } catch (error) {
      // What cannot be read is not valid; the library's own words may quote what it read.
      return { signatures, checked: CHECKED, faults: [error instanceof Fault ? error.message : 'the document cannot be read'] };
    }
  }

  private async signature(
    field: SignatureField,
    { cms, content }: Rebuilt,
    { trust, expected, isWhole }: { readonly trust: Trust; readonly expected: ExpectedSeal; readonly isWhole: boolean },
  ): Promise<FoundSignature> {
    const { certificate, stampedAt, stamper } = await checkedSignature(cms, content);
    must(commonNameOf(certificate) === expected.signers[field], `${field}: signed by somebody else`);
    must(maySign(certificate), `${field}: a certificate that may not sign`);
    must(mayStamp(stamper), 'a time stamp by somebody who may not stamp');
    await trust.assertGood(certificate, stampedAt);
    await trust.assertGood(stamper, stampedAt);
    return { field, certificateSerial: serialOf(certificate), stampedAt: stampedAt.toISOString(), coversWholeFile: isWhole };
  }
}

/** The document that was confirmed, which a sealed one begins with. */
function preparedIn(document: Buffer, documentSha256: string): Buffer {
  const end = '%%EOF\n';
  for (let at = document.indexOf(end); at >= 0; at = document.indexOf(end, at + 1)) {
    const prepared = document.subarray(0, at + end.length);
    if (sha256(prepared).toString('hex') === documentSha256) return prepared;
  }
  throw new Fault('it does not begin with the document that was confirmed');
}

interface Rebuilt {
  readonly cms: Buffer;
  readonly content: Buffer;
  readonly length: number;
}

/** A revision as we would have made it, with the value that was found in its place: the same bytes, or no revision of ours. */
function rebuilt(document: Buffer, unsigned: Unsigned): Rebuilt {
  const digits = document.toString('latin1', unsigned.valueAt, unsigned.valueAt + unsigned.valueDigits);
  must(/^[0-9a-f]*$/.test(digits), 'a signature whose value cannot be read');
  const cms = derIn(Buffer.from(digits, 'hex'));
  const made = unsigned.withSignature(cms);
  must(document.subarray(0, made.length).equals(made), 'a revision that is not as it has to be');
  return { cms, content: unsigned.content, length: made.length };
}

/** The one value at the beginning of a room that is filled up with zeros. */
function derIn(room: Buffer): Buffer {
  const long = (room[1] ?? 0) & 0x80 ? (room[1] ?? 0) & 0x7f : 0;
  const length = long === 0 ? (room[1] ?? 0) : room.readUIntBE(2, Math.min(4, Math.max(1, long)));
  return room.subarray(0, 2 + long + length);
}

function readable<T extends ValidationData | Trust>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new Fault('chains and revocations that cannot be read');
  }
}
