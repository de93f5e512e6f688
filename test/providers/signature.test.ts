import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPyHanko, type PyHanko } from '../../dev/stack/pyhanko';
import { instant } from '../../domain/time/dates';
import { createPadesProvider } from '../../providers/signature/pades';
import { contractPdf } from '../../services/application/contract-pdf';
import { createSimulator } from '../../simulator/server';
import { inFolder, pdfsig } from '../../dev/pdf-tools';
import { DOTS_PER_INCH, drawn, words } from '../support/pdf-tools';
import { document, LENDER, signatureContract } from './signature-contract';

const DAY_MS = 86_400_000;
const NOW = instant('2026-11-30T08:00:00Z');

describe('a signature provider: PAdES by certificates of an hour', () => {
  signatureContract({
    create: (link, rootPem) => createPadesProvider({ link, trustedRoots: () => Promise.resolve(rootPem) }),
  });
});

/** A document that was sealed while its authority's clock stood there. */
async function sealedAt(clock: () => number): Promise<{ sealed: Buffer; rootPem: string }> {
  const server = createSimulator({ secrets: { ca: 's' }, authorityClock: clock });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/ca`;
  const rootPem = await (await fetch(`${url}/root.pem`)).text();
  const link = { baseUrl: url, secret: 's', timeoutMs: 5_000 };
  const provider = createPadesProvider({ link, trustedRoots: () => Promise.resolve(rootPem) });
  const signer = { name: '王小明', idNumber: '110101199003070017' };
  const reply = await provider.seal(
    { documentId: 'c-1', document: await document(), signer, lender: LENDER, asOf: NOW },
    new AbortController().signal,
  );
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  if (reply.kind !== 'SEALED') throw new Error(`${reply.kind} ${reply.detail}`);
  return { sealed: reply.document, rootPem };
}

const flipped = (document: Buffer): Buffer => {
  const changed = Buffer.from(document);
  changed[300] = (changed[300] ?? 0) ^ 0x01;
  return changed;
};

/** Guarantee: who trusts none of our code finds the contract signed by both, unchanged, at a time that a third party vouches for. */
describe('validators that are not ours', () => {
  let now: { sealed: Buffer; rootPem: string };
  let monthAgo: { sealed: Buffer; rootPem: string };
  let pyHanko: PyHanko;
  beforeAll(async () => {
    pyHanko = await findPyHanko();
    now = await sealedAt(Date.now);
    monthAgo = await sealedAt(() => Date.now() - 30 * DAY_MS);
  }, 300_000);

  const asked = (verb: 'validate' | 'adesverify', { sealed, rootPem }: { sealed: Buffer; rootPem: string }) =>
    inFolder(async (folder) => {
      const [file, root] = [join(folder, 'file.pdf'), join(folder, 'root.pem')];
      await writeFile(file, sealed);
      await writeFile(root, rootPem);
      return pyHanko('sign', verb, '--trust-replace', '--trust', root, file);
    });

  it('pdfsig finds two valid signatures by trusted certificates, the last over the whole file', async () => {
    const said = await pdfsig(now.sealed, now.rootPem);
    expect(said.match(/Signature is Valid\./g)).toHaveLength(2);
    expect(said.match(/Certificate is Trusted\./g)).toHaveLength(2);
    expect(said).toMatch(/Signature #2:[\s\S]*Lender[\s\S]*ETSI\.CAdES\.detached[\s\S]*Total document signed/);
  });

  it('pyHanko finds both intact and trusted, with time stamps, and nothing but form filling between them', async () => {
    const { isValid, output } = await asked('validate', now);
    expect([isValid, output.match(/INTACT:TRUSTED,TIMESTAMP_TOKEN<INTACT:TRUSTED>/g)?.length]).toEqual([true, 2]);
    expect(output).toMatch(/Borrower:.*EXTENDED_WITH_FORM_FILLING,ACCEPTABLE_MODIFICATIONS/);
    expect(output).toMatch(/Lender:.*UNTOUCHED/);
  });

  it('a month after the signers’ certificates ended, pyHanko still trusts both, offline, by what is in the file', async () => {
    const { output } = await asked('adesverify', monthAgo);
    expect(output.match(/INTACT:TRUSTED,TIMESTAMP_TOKEN<INTACT:TRUSTED>/g)).toHaveLength(2);
    // Without the time stamp and what is in the file it would not: that is what they are for.
    expect((await asked('validate', monthAgo)).isValid).toBe(false);
  });

  it('a flipped byte is found by each of them', async () => {
    const changed = { ...now, sealed: flipped(now.sealed) };
    expect(await pdfsig(changed.sealed, now.rootPem)).toMatch(/Digest Mismatch|Signature is Invalid/);
    expect((await asked('validate', changed)).isValid).toBe(false);
  });

  it('a root that nobody trusts is not trusted', async () => {
    expect(await pdfsig(now.sealed, monthAgo.rootPem)).not.toMatch(/Certificate is Trusted\./);
    expect((await asked('validate', { ...now, rootPem: monthAgo.rootPem })).isValid).toBe(false);
  });
});

/** Guarantee: a person can read the contract: every character, rare ones of names too, is drawn on the page. */
describe('the pages of a contract', () => {
  const LINES = [
    '个人贷款合同 王小明 欧阳若兰 𠮷田㐱禤 逾期罚息对逾期本金按年计收',
    'Consumer loan contract, principal 12,000.00 CNY at 12 % a year → the lender',
    '成本明示（单利）本金、利息、费用；提前还款按实际天数计息。除上述息费外，不收取任何其他费用',
  ];

  it('show ink where each word is, as much for Chinese as for English, and no box for a missing glyph', async () => {
    const pdf = await contractPdf(
      LINES.map((line) => ({ kind: 'line' as const, line })),
      NOW,
    );
    const [pages, placed] = [await drawn(pdf), await words(pdf)];
    const scale = DOTS_PER_INCH / 72;
    expect(placed.map(({ text }) => text).join('')).toContain('𠮷田㐱禤');
    const shapes = new Map<string, string>();
    for (const { text, page, left, top, right, bottom } of placed) {
      const letters = Array.from(text);
      const width = (right - left) / letters.length;
      const isChinese = /^[\p{Script=Han}\u3000-\u303f\uff00-\uffef]+$/u.test(text);
      if (!isChinese) {
        expect([text, inkIn(pages[page], [left, top, right, bottom], scale) > 0]).toEqual([text, true]);
        continue;
      }
      letters.forEach((letter, index) => {
        if (!/\p{Script=Han}/u.test(letter)) return;
        const box = [left + index * width, top, left + (index + 1) * width, bottom] as const;
        expect([letter, inkIn(pages[page], box, scale) > 12]).toEqual([letter, true]);
        shapes.set(letter, shapeIn(pages[page], box, scale));
      });
    }
    // A missing glyph is drawn as the same box for every character.
    expect(new Set(shapes.values()).size).toBeGreaterThan(shapes.size * 0.95);
    expect(shapes.size).toBeGreaterThan(40);
  });

  it('are not drawn at all where the typeface lacks a character: a box in a name is no name', async () => {
    await expect(contractPdf([{ kind: 'line', line: '借款人 김철수' }], NOW)).rejects.toMatchObject({ code: 'TEXT_REFUSED' });
  });

  it('are the same bytes for the same contract, and hold their typeface', async () => {
    const twice = await Promise.all([document(), document()]);
    expect(twice[0].equals(twice[1])).toBe(true);
    expect(twice[0].toString('latin1')).toMatch(/\/FontFile3/);
  });
});

type Box = readonly [left: number, top: number, right: number, bottom: number];

function* dotsIn(page: Awaited<ReturnType<typeof drawn>>[number] | undefined, [left, top, right, bottom]: Box, scale: number) {
  if (!page) throw new Error('no such page');
  for (let y = Math.floor(top * scale); y < bottom * scale; y += 1)
    for (let x = Math.floor(left * scale); x < right * scale; x += 1) yield (page.shades[y * page.width + x] ?? 255) < 128;
}

/** How many dots of a box are dark. */
function inkIn(...of: Parameters<typeof dotsIn>): number {
  let ink = 0;
  for (const isDark of dotsIn(...of)) if (isDark) ink += 1;
  return ink;
}

const shapeIn = (...of: Parameters<typeof dotsIn>): string => [...dotsIn(...of)].map((isDark) => (isDark ? '#' : '.')).join('');
