import { SaxesParser } from 'saxes';
import type { Fen } from '../../domain/money/money';
import { refused } from '../lines';

/** What of ISO 20022's messages the bank link uses: writing batches, reading short documents. DTDs are not processed, so no entity can reach outside. */
const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${String(char.charCodeAt(0))};`);

export function yuanText(amount: Fen): string {
  return `${String(Math.trunc(amount / 100))}.${String(amount % 100).padStart(2, '0')}`;
}

/** Minor units of a decimal amount with at most two places; FILE_REFUSED for anything else. */
export function minorOf(text: string): number {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw refused('FORM', 'an amount is not a decimal number with two places');
  const [, sign, whole = '0', part = ''] = match;
  return (sign === '-' ? -1 : 1) * (Number(whole) * 100 + Number(part.padEnd(2, '0')));
}

export interface BatchItem {
  readonly number: string;
  readonly amount: Fen;
  readonly currency: string;
  readonly account: string;
  readonly accountName: string;
  readonly reference: string;
}

function transaction(item: BatchItem, tag: 'CdtTrfTxInf' | 'DrctDbtTxInf'): string {
  const party = tag === 'CdtTrfTxInf' ? 'Cdtr' : 'Dbtr';
  return (
    `<${tag}><PmtId><EndToEndId>${escaped(item.number)}</EndToEndId></PmtId>` +
    `<Amt><InstdAmt Ccy="${escaped(item.currency)}">${yuanText(item.amount)}</InstdAmt></Amt>` +
    `<${party}><Nm>${escaped(item.accountName)}</Nm></${party}><${party}Acct><Id>${escaped(item.account)}</Id></${party}Acct>` +
    `<RmtInf><Ustrd>${escaped(item.reference)}</Ustrd></RmtInf></${tag}>`
  );
}

/** pain.001 (credit transfers) or pain.008 (direct debits) over all items of one kind. */
export function batchFile(kind: 'PAYOUT' | 'DEBIT', items: readonly BatchItem[], messageId: string): string {
  const isCredit = kind === 'PAYOUT';
  const schema = isCredit ? 'pain.001.001.09' : 'pain.008.001.08';
  const root = isCredit ? 'CstmrCdtTrfInitn' : 'CstmrDrctDbtInitn';
  const sum = items.reduce((total, item) => total + item.amount, 0) as Fen;
  const header = `<GrpHdr><MsgId>${escaped(messageId)}</MsgId><NbOfTxs>${String(items.length)}</NbOfTxs><CtrlSum>${yuanText(sum)}</CtrlSum></GrpHdr>`;
  const body = items.map((item) => transaction(item, isCredit ? 'CdtTrfTxInf' : 'DrctDbtTxInf')).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${schema}"><${root}>${header}<PmtInf>${body}</PmtInf></${root}></Document>`;
}

/** camt.056 for one payment. */
export function cancellation(number: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.056.001.08"><FIToFIPmtCxlReq><TxInf><OrgnlEndToEndId>${escaped(number)}</OrgnlEndToEndId></TxInf></FIToFIPmtCxlReq></Document>`;
}

/** Collects the text of every element below each `block`, by element name: enough for flat, short messages. */
export class BlockReader {
  private readonly parser = new SaxesParser();
  private current: Record<string, string> | undefined;
  private text = '';
  private failure: Error | undefined;

  constructor(block: string, onBlock: (fields: Readonly<Record<string, string>>) => void, onField?: (name: string, text: string) => void) {
    this.parser.on('opentag', (tag) => {
      this.text = '';
      if (tag.name === block) this.current = {};
    });
    this.parser.on('text', (text) => {
      this.text += text;
    });
    this.parser.on('closetag', (tag) => {
      if (tag.name === block && this.current) {
        onBlock(this.current);
        this.current = undefined;
      } else if (this.current) this.current[tag.name] = this.text;
      else onField?.(tag.name, this.text);
      this.text = '';
    });
    this.parser.on('error', (error) => {
      this.failure ??= error;
    });
  }

  write(chunk: string): void {
    this.parser.write(chunk);
    if (this.failure) throw refused('FORM', 'the document is not well-formed');
  }

  close(): void {
    this.parser.close();
    if (this.failure) throw refused('TRUNCATED', 'the document ends before its end');
  }
}

/** Every block of a short document; undefined where it is not well-formed. */
export function blocksOf(document: string, block: string): Readonly<Record<string, string>>[] | undefined {
  const found: Readonly<Record<string, string>>[] = [];
  try {
    const reader = new BlockReader(block, (fields) => found.push(fields));
    reader.write(document);
    reader.close();
  } catch {
    return undefined;
  }
  return found;
}
