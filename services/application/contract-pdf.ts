import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import PDFDocument from 'pdfkit';
import type { ContractBlock } from '../../domain/product/contract';
import { LoanloomError } from '../../domain/errors';
import { epochMs, type Instant } from '../../domain/time/dates';
import { SIGNATURE_FIELDS } from '../../providers/signature/port';

const FONT_FILE = join(__dirname, 'fonts', 'NotoSansCJKsc-Regular.otf');
const MARGIN = 50;
const SIZES = { title: 15, heading: 11, body: 9 } as const;
/** Where each column of a schedule ends, counted from the left margin; amounts stand at the right of theirs. */
const COLUMN_ENDS = [25, 125, 215, 300, 385, 490] as const;
const MARK = '#b00020';
const BODY = '#000000';

let font: Buffer | undefined;
const loadFont = () => (font ??= readFileSync(FONT_FILE));

/** Whether a contract can show a text: every character of it is in its typeface. */
export function isDrawable(text: string): boolean {
  const { font: typeface } = (ownFont ??= new PDFDocument({ autoFirstPage: false }).font(loadFont()) as unknown as WithFont)._font;
  return Array.from(text).every((character) => typeface.hasGlyphForCodePoint(character.codePointAt(0) ?? 0));
}

let ownFont: WithFont | undefined;

/** The typeface as pdfkit holds it. */
interface WithFont {
  readonly _font: { readonly font: { hasGlyphForCodePoint(codePoint: number): boolean } };
}

/** TEXT_REFUSED for a character that the typeface lacks: it would be drawn as an empty box. */
function assertDrawable(blocks: readonly ContractBlock[]): void {
  if (!blocks.every(({ line }) => isDrawable(line)))
    throw new LoanloomError('TEXT_REFUSED', 'the contract holds a character that its typeface lacks: it cannot be printed');
}

/** What pdfkit has of forms and pages, and its types leave out. */
interface WithForm {
  readonly _root: { readonly data: { readonly AcroForm: { readonly data: Record<string, unknown> } } };
  readonly page: { readonly dictionary: unknown; readonly annotations: unknown[] };
}

/** An empty signature field for each signer, so that signing fills in what the borrower saw and adds nothing to it. */
function addSignatureFields(doc: PDFKit.PDFDocument): void {
  doc.initForm();
  const { _root, page } = doc as unknown as WithForm;
  const form = _root.data.AcroForm.data;
  const fields = SIGNATURE_FIELDS.map((name) => {
    const widget = { Type: 'Annot', Subtype: 'Widget', FT: 'Sig', T: new String(name), F: 132, Rect: [0, 0, 0, 0], P: page.dictionary };
    const field = doc.ref(widget);
    page.annotations.push(field);
    field.end(undefined);
    return field;
  });
  // Fields are not to be drawn anew by whoever opens the file: that would change what was signed.
  delete form.NeedAppearances;
  Object.assign(form, { Fields: fields, SigFlags: 3 });
}

function addRow(doc: PDFKit.PDFDocument, cells: readonly string[]): void {
  if (doc.y > doc.page.height - MARGIN - 2 * SIZES.body) doc.addPage();
  const y = doc.y;
  cells.forEach((cell, index) => {
    const [start, end] = [index === 0 ? 0 : (COLUMN_ENDS[index - 1] ?? 0), COLUMN_ENDS[index] ?? 0];
    doc.text(cell, MARGIN + start, y, { width: end - start, align: 'right', lineBreak: false });
  });
  doc.x = MARGIN;
  doc.y = y + SIZES.body * 1.6;
}

function addBlock(doc: PDFKit.PDFDocument, block: ContractBlock): void {
  doc.fillColor(block.kind === 'marked' ? MARK : BODY);
  switch (block.kind) {
    case 'title':
      doc.fontSize(SIZES.title).text(block.line).moveDown(0.5);
      return;
    case 'heading':
      doc.moveDown(0.5).fontSize(SIZES.heading).text(block.line).moveDown(0.2);
      return;
    case 'columns':
    case 'row':
      doc.fontSize(SIZES.body);
      addRow(doc, block.cells ?? []);
      return;
    case 'line':
    case 'marked':
      doc.fontSize(SIZES.body).text(block.line.trim(), { lineGap: 2 });
  }
}

/**
 * A contract as a PDF of pages in A4, with its Chinese typeface inside and an empty signature field for each party. The
 * same blocks at the same moment make the same bytes.
 */
export async function contractPdf(blocks: readonly ContractBlock[], drawnUpAt: Instant): Promise<Buffer> {
  const info = { Title: blocks[0]?.line ?? '', Creator: 'Loanloom', Producer: 'Loanloom', CreationDate: new Date(epochMs(drawnUpAt)) };
  const doc = new PDFDocument({ size: 'A4', margin: MARGIN, pdfVersion: '1.7', lang: 'zh-CN', info });
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', resolve);
    doc.on('error', reject);
  });
  doc.font(loadFont());
  assertDrawable(blocks);
  for (const block of blocks) addBlock(doc, block);
  doc.moveDown(1).fontSize(SIZES.body).fillColor(BODY);
  doc.text('本合同由借款人和贷款人以电子签名签署，见签名面板。 / Signed electronically by borrower and lender: see the signature panel.');
  addSignatureFields(doc);
  doc.end();
  await ended;
  return Buffer.concat(chunks);
}
