import { createHash } from 'node:crypto';
import { insertContract, readContract, readOffer, type ApplicationRow, type ContractRow } from '../../db/application/applications';
import { readConsents } from '../../db/party/consents';
import type { PersonVault } from '../../db/party/vault';
import type { Tx } from '../../db/pool';
import { deadlineOf } from '../../domain/application/agenda';
import { assertThat } from '../../domain/errors';
import { consentText } from '../../domain/party/consents';
import { contractBlocks, contractText, type ContractConsent } from '../../domain/product/contract';
import { disclosureFrom, disclosureOf } from '../../domain/product/disclosure';
import { quote } from '../../domain/product/offer';
import { businessDateOf, type Instant } from '../../domain/time/dates';
import { productOf, type ActivityDeps } from '../deps';
import { contractPdf } from './contract-pdf';
import { moveApplication } from './moves';
import { assertPinned } from './pinned';

/** What a contract says, line by line, and who signs it: as it was when it was drawn up. */
export interface ContractContent {
  readonly text: string;
  readonly signer: { readonly name: string; readonly idNumber: string };
  /** Who lends, as the contract and the certificate name them. */
  readonly lender: string;
}

const addressOf = (column: 'document_enc' | 'content_enc', applicationId: string) => ({ table: 'contracts', column, row: applicationId });

/** The document that its borrower confirms by hash. */
export function contractDocument(person: PersonVault, applicationId: string, { document_enc, media_type }: ContractRow): Buffer {
  const opened = person.decrypt(addressOf('document_enc', applicationId), document_enc);
  return media_type === 'application/pdf' ? Buffer.from(opened, 'base64') : Buffer.from(opened, 'utf8');
}

/** What the contract says; of one from before there were documents, its text is the document. */
export function contractContent(person: PersonVault, applicationId: string, row: ContractRow): ContractContent | { readonly text: string } {
  if (row.content_enc === null) return { text: contractDocument(person, applicationId, row).toString('utf8') };
  return JSON.parse(person.decrypt(addressOf('content_enc', applicationId), row.content_enc)) as ContractContent;
}

async function consentsOf(tx: Tx, borrowerId: string): Promise<ContractConsent[]> {
  const granted = (await readConsents(tx, borrowerId)).filter((each) => each.isGranted);
  return granted.map(({ kind, textVersion, textSha256, at }) => {
    const grantedOn = businessDateOf(at);
    return { title: consentText(kind, grantedOn).title, version: textVersion, textSha256, grantedOn };
  });
}

/**
 * Draws the contract up once, from the terms, schedule and cost table of the accepted offer and the consents in force; the
 * hash of the document is what the borrower signs. The cap is checked again here.
 */
export async function awaitSignature(deps: ActivityDeps, tx: Tx, application: ApplicationRow, at: Instant): Promise<ApplicationRow> {
  const product = productOf(deps, application);
  const accepted = await readOffer(tx, application.id);
  assertThat(accepted, 'an application past its offer has one');
  await assertPinned(deps, tx, application);
  if (!(await readContract(tx, application.id))) {
    const { name, idNumber } = await deps.borrowers.identity(tx, application.borrower_id);
    // The cap may have fallen since the offer was made.
    // An offer that was accepted is not ended by us: people are told of the refusal, and the borrower may cancel.
    const terms = quote({ principal: accepted.principal_fen, termMonths: accepted.term_months }, product, businessDateOf(at));
    const disclosure =
      accepted.disclosure === null ? disclosureOf(product, terms, businessDateOf(at)) : disclosureFrom(accepted.disclosure);
    const blocks = contractBlocks({
      contractNumber: application.id,
      borrowerName: name,
      idNumber,
      drawnUpOn: businessDateOf(at),
      product,
      disclosure,
      disclosureSha256: accepted.disclosure_sha256,
      schedule: accepted.disclosure === null ? terms.schedule : accepted.illustration,
      consents: await consentsOf(tx, application.borrower_id),
    });
    const document = await contractPdf(blocks, at);
    const content: ContractContent = { text: contractText(blocks), signer: { name, idNumber }, lender: disclosure.lender.en };
    const person = await deps.borrowers.personVault(tx, application.borrower_id);
    await insertContract(tx, {
      application_id: application.id,
      sha256: createHash('sha256').update(document).digest('hex'),
      media_type: 'application/pdf',
      document_enc: person.encrypt(addressOf('document_enc', application.id), document.toString('base64')),
      content_enc: person.encrypt(addressOf('content_enc', application.id), JSON.stringify(content)),
      disclosure_sha256: accepted.disclosure_sha256,
      drawn_up_at: at,
    });
  }
  const until = deadlineOf('AWAITING_SIGNATURE', product, at);
  return moveApplication(tx, application, { to: 'AWAITING_SIGNATURE', at, why: 'contract drawn up', until });
}
