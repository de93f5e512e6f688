import { createHash } from 'node:crypto';
import { readOffer } from '../../db/application/applications';
import { insertConfirmation, noteShown, readShown } from '../../db/application/disclosures';
import type { Db, Tx } from '../../db/pool';
import { LoanloomError } from '../../domain/errors';
import { disclosureFrom, disclosureText, type Disclosure } from '../../domain/product/disclosure';
import type { Product } from '../../domain/product/products';
import { epochMs, instant, type Instant } from '../../domain/time/dates';

/** A cost table with the text that is kept of it and the SHA-256 of that text's UTF-8 bytes. */
export function sealDisclosure(disclosure: Disclosure): { readonly text: string; readonly sha256: string } {
  const text = disclosureText(disclosure);
  return { text, sha256: createHash('sha256').update(text, 'utf8').digest('hex') };
}

/** The cost table of an offer as its borrower has it before them. */
export interface DisclosureOnScreen {
  readonly disclosure: Disclosure;
  readonly sha256: string;
  readonly shownAt: Instant;
  /** From then on it can be confirmed. */
  readonly confirmableAt: Instant;
  readonly confirmedAt: Instant | null;
}

interface Subject {
  readonly id: string;
  readonly status: string;
}

async function tableOf(db: Db | Tx, application: Subject): Promise<{ text: string; sha256: string }> {
  const offer = await readOffer(db, application.id);
  if (offer?.disclosure == null || offer.disclosure_sha256 === null)
    throw new LoanloomError('NOT_FOUND', `there is no cost table: the application is ${application.status}`);
  return { text: offer.disclosure, sha256: offer.disclosure_sha256 };
}

const confirmableAt = ({ shownAt, readingSeconds }: { readonly shownAt: Instant; readonly readingSeconds: number }): Instant =>
  instant(epochMs(shownAt) + readingSeconds * 1_000);

/**
 * Shows the offer's cost table: its reading time begins, by our clock, when it is first asked for (the rules on showing the
 * all-in cost of personal loans, in force from 2026-08-01: a table, a least reading time, an explicit confirmation).
 * Repeating it shows the same table and begins nothing anew. NOT_FOUND before there is an offer.
 */
export async function showDisclosure(
  tx: Tx,
  { application, product, now }: { readonly application: Subject; readonly product: Pick<Product, 'disclosure'>; readonly now: Instant },
): Promise<DisclosureOnScreen> {
  const { text, sha256 } = await tableOf(tx, application);
  const { readingSeconds } = product.disclosure;
  await noteShown(tx, { applicationId: application.id, sha256, shownAt: now, readingSeconds });
  const shown = (await readShown(tx, application.id, sha256)) ?? { shownAt: now, readingSeconds, confirmedAt: null };
  return {
    disclosure: disclosureFrom(text),
    sha256,
    shownAt: shown.shownAt,
    confirmableAt: confirmableAt(shown),
    confirmedAt: shown.confirmedAt,
  };
}

/**
 * The borrower confirms the table that was shown, by its SHA-256. DISCLOSURE_NOT_READ before its reading time is over or
 * where it was never shown; DISCLOSURE_NOT_CONFIRMED for another table than the offer's. Repeating it keeps the first moment.
 */
export async function confirmDisclosure(
  tx: Tx,
  {
    application,
    sha256,
    now,
    device,
  }: { readonly application: Subject; readonly sha256: string; readonly now: Instant; readonly device: string },
): Promise<Instant> {
  const table = await tableOf(tx, application);
  if (table.sha256 !== sha256)
    throw new LoanloomError('DISCLOSURE_NOT_CONFIRMED', 'the table that was shown is not the offer’s any more: load it again', {
      path: 'disclosureSha256',
    });
  const shown = await readShown(tx, application.id, sha256);
  if (shown?.confirmedAt) return shown.confirmedAt;
  if (!shown || now < confirmableAt(shown))
    throw new LoanloomError(
      'DISCLOSURE_NOT_READ',
      shown ? `the table can be confirmed from ${confirmableAt(shown)} on` : 'the table was not shown yet: load it first',
    );
  await insertConfirmation(tx, { applicationId: application.id, sha256, confirmedAt: now, device });
  return now;
}

/** DISCLOSURE_NOT_CONFIRMED where the table that the offer carries, or the contract, was not confirmed. One from before tables were kept has none. */
export async function assertDisclosureConfirmed(db: Db | Tx, applicationId: string, sha256: string | null): Promise<void> {
  if (sha256 === null) return;
  const shown = await readShown(db, applicationId, sha256);
  if (!shown?.confirmedAt)
    throw new LoanloomError('DISCLOSURE_NOT_CONFIRMED', 'the cost table has to be read and confirmed first: load the disclosure');
}
