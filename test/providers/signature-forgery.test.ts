import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certificateFrom, serialOf, signDetached } from '../../providers/signature/cms';
import { PdfFile, stream } from '../../providers/signature/pdf-revision';
import { validationDataIn } from '../../providers/signature/pdf-signature';
import { inFolder, pdfsig } from '../../dev/pdf-tools';
import {
  contract,
  DAY_MS,
  fakeOf,
  forgedSignature,
  honest,
  NOW_MS,
  open,
  pyHankoSays,
  signatureIn,
  signingWorld,
  tinyPdf,
  weakSignature,
  withContentInside,
  type Guise,
  type Signer,
  type World,
} from '../support/forger';

const BORROWER = '王小明';
const LENDER = 'Loanloom Example Consumer Finance Ltd';
const pdftotext = (document: Buffer) =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'file.pdf'), document);
    return (await promisify(execFile)('pdftotext', [join(folder, 'file.pdf'), '-'])).stdout;
  });

/** Guarantee: a document is valid for us only if everybody who checks it has to agree. Each of these was called valid once. */
describe('what is not valid, by our own verifier', () => {
  let world: World;
  let borrower: Signer;
  let lender: Signer;
  let mine: Buffer;
  beforeAll(async () => {
    world = await signingWorld();
    [borrower, lender] = [await world.signer(BORROWER), await world.signer(LENDER)];
    mine = await honest(world, await contract('12000.00 CNY at 12 %'), borrower, lender);
  });
  /** Ours beside pyHanko's word: [ours finds it valid, pyHanko finds it valid]. */
  const both = async (document: Buffer, verb: 'validate' | 'adesverify' = 'validate') => {
    const [faults, other] = [await world.faults(document), await pyHankoSays(document, world.rootPem, verb)];
    const isValid =
      verb === 'validate' ? other.isValid : other.output.match(/INTACT:TRUSTED,TIMESTAMP_TOKEN<INTACT:TRUSTED>/g)?.length === 2;
    return { ours: faults.length === 0, pyHanko: isValid, faults };
  };

  it('CONTROL an honest document is valid for both', async () => {
    expect(await both(mine)).toMatchObject({ ours: true, pyHanko: true });
  });

  it('F1 both signatures of one sealed contract are replayed into another: the CMS brings its own content along', async () => {
    // The forger has one sealed contract, and no key at all.
    const validation = validationDataIn(mine);
    const [b, l] = [signatureIn(mine, 'Borrower'), signatureIn(mine, 'Lender')];
    if (!b || !l) throw new Error('unsigned');
    const room = { digits: 2 * mine.length + 60_000 };
    const half = open(await contract('9000000.00 CNY at 0 %'), 'Borrower', room).withSignature(withContentInside(b.cms, b.content));
    const forged = open(half, 'Lender', { ...room, validation }).withSignature(withContentInside(l.cms, l.content));
    expect(await both(forged)).toMatchObject({ ours: false, pyHanko: false });
  });

  async function forgedBy(guise: (real: Buffer) => Promise<Guise>, certificatesInStore: 'real' | 'fake'): Promise<Buffer> {
    const known = validationDataIn(mine);
    const [b, l, t] = await Promise.all([borrower.certificate, lender.certificate, world.authority.timeStamping.der].map(guise));
    if (!b || !l || !t) throw new Error('no guise');
    const validation =
      certificatesInStore === 'real'
        ? known
        : { ...known, certificates: [b.fake.der, l.fake.der, t.fake.der, world.authority.issuing.der] };
    const first = open(await contract('9000000.00 CNY at 0 %'), 'Borrower');
    const half = first.withSignature(await forgedSignature(first.content, b, t));
    const last = open(half, 'Lender', { validation });
    return last.withSignature(await forgedSignature(last.content, l, t));
  }

  it('F2 a forger with no key of anybody signs for both: a fake certificate of the same serial number, by another issuer', async () => {
    const forged = await forgedBy(async (real) => {
      const fake = await fakeOf(real, 'Mallory CA');
      return { fake, shown: [real, fake.der], named: real };
    }, 'real');
    expect(await both(forged)).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F3 a forger with no key signs for both: certificates that no authority signed, because the chain of another one is checked', async () => {
    const forged = await forgedBy(async (real) => {
      const fake = await fakeOf(real, undefined);
      return { fake, shown: [fake.der], named: fake.der };
    }, 'fake');
    expect(await both(forged)).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F4 a certificate that had ended two days before it signed', async () => {
    const old = await world.signer(BORROWER, NOW_MS - 2 * DAY_MS);
    const document = await honest(world, await contract('expired'), old, lender);
    // At this very moment, by the time of the stamp as by the clock.
    expect(await both(document)).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F5 pages that were swapped between the two signatures: the borrower never signed what the last revision shows', async () => {
    const prepared = tinyPdf('12000.00 CNY at 12 percent');
    const first = open(prepared, 'Borrower');
    const half = first.withSignature(await world.sign(first.content, borrower));
    const page = 'BT /F1 24 Tf 72 700 Td (12000.00 CNY at 36 percent) Tj ET';
    const swapped = new PdfFile(half).withRevision(new Map([[5, stream(Buffer.from(page))]]));
    const last = open(swapped, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate]) });
    const document = last.withSignature(await world.sign(last.content, lender));
    expect(await pdftotext(document)).toContain('36 percent');
    expect(await both(document)).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F6 a borrower’s signature over the ten bytes "%PDF-1.7" alone holds in every document', async () => {
    const header = Buffer.from('%PDF-1.7\n%');
    const cms = await world.sign(header, borrower);
    const digits = cms.length * 2;
    for (const words of ['12000.00 CNY at 12 percent', '12000.00 CNY at 36 percent']) {
      const prepared = tinyPdf(words, `%<${cms.toString('hex')}>\n`);
      const half = open(prepared, 'Borrower', { digits, range: () => [0, header.length, header.length + digits + 2, 0] }).withSignature(
        cms,
      );
      const last = open(half, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate]) });
      const document = last.withSignature(await world.sign(last.content, lender));
      expect([words, await both(document)]).toMatchObject([words, { ours: false, pyHanko: false }]);
    }
  });

  it('F7 a borrower’s signature that covers nothing behind its own value', async () => {
    const first = open(tinyPdf('x'), 'Borrower', { range: ([a, b, c]) => [a, b, c, 0] });
    const half = first.withSignature(await world.sign(first.content, borrower));
    const last = open(half, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate]) });
    expect(await both(last.withSignature(await world.sign(last.content, lender)))).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F8 a shadow document: we read the catalogue that a comment names, a reader sees another one without any signature', async () => {
    const first = open(tinyPdf('what our verifier reads'), 'Borrower');
    const half = first.withSignature(await world.sign(first.content, borrower));
    let shown = '';
    const last = open(half, 'Lender', {
      validation: await world.validation([borrower.certificate, lender.certificate]),
      also: (_, objects, add) => {
        const page = 'BT /F1 24 Tf 72 700 Td (what everybody sees) Tj ET';
        const content = add(stream(Buffer.from(page)));
        const pages = Math.max(...objects.keys()) + 2;
        const leaf = add(
          Buffer.from(
            `<<\n/Type /Page\n/Parent ${String(pages)} 0 R\n/MediaBox [0 0 595 842]\n/Contents ${content}\n/Resources << /Font << /F1 8 0 R >> >>\n>>`,
          ),
        );
        const tree = add(Buffer.from(`<<\n/Type /Pages\n/Kids [${leaf}]\n/Count 1\n>>`));
        shown = add(Buffer.from(`<<\n/Type /Catalog\n/Pages ${tree}\n>>`));
      },
      trailer: (text) => text.replace(/\/Root \d+ 0 R/, (ours) => `%${ours}\n/Root ${shown}`),
    });
    const document = last.withSignature(await world.sign(last.content, lender));
    expect(await pdftotext(document)).toContain('what everybody sees');
    const others = await pdfsig(document, world.rootPem).catch(() => 'no signature at all');
    expect({ ours: (await world.faults(document)).length === 0, pdfsig: /Signature is Valid/.test(others) }).toEqual({
      ours: false,
      pdfsig: false,
    });
  });

  it('F9 a second field of the same name, and a further one, whose signatures are broken', async () => {
    const first = open(tinyPdf('x'), 'Borrower', {
      also: (_, objects, add) => {
        const broken = add(
          Buffer.from(
            '<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/ByteRange [0 10 20 10]\n/Contents <3000>\n>>',
          ),
        );
        const field = add(
          Buffer.from(`<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Borrower)\n/F 132\n/Rect [0 0 0 0]\n/P 4 0 R\n/V ${broken}\n>>`),
        );
        objects.set(3, Buffer.from(`<<\n/Fields [6 0 R 7 0 R ${field}]\n/SigFlags 3\n>>`));
      },
    });
    const half = first.withSignature(await world.sign(first.content, borrower));
    const last = open(half, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate]) });
    expect(await both(last.withSignature(await world.sign(last.content, lender)))).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F10 both fields are signed by one and the same person, who is neither borrower nor lender', async () => {
    const mallory = await world.signer('Mallory');
    const document = await honest(world, await contract('by nobody of ours'), mallory, mallory);
    // The verifier takes no name, and answers with none: whoever asks it cannot know whose signature was found.
    expect(await world.faults(document)).not.toEqual([]);
  });

  const serial = (der: Buffer) => serialOf(certificateFrom(der));
  async function withRevocation(over: Parameters<World['validation']>[1]): Promise<Buffer> {
    const first = open(tinyPdf('x'), 'Borrower');
    const half = first.withSignature(await world.sign(first.content, borrower));
    const last = open(half, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate], over) });
    return last.withSignature(await world.sign(last.content, lender));
  }

  it('CONTROL the same document of one page with honest words about revocation is valid for both, now and offline', async () => {
    const document = await withRevocation({});
    expect(await both(document)).toMatchObject({ ours: true, pyHanko: true });
    expect(await both(document, 'adesverify')).toMatchObject({ ours: true, pyHanko: true });
  });

  it('F11 the issuing authority itself was revoked a month ago, by the root’s list in the very document', async () => {
    const document = await withRevocation({
      inList: new Map([[serial(world.authority.issuing.der), NOW_MS - 30 * DAY_MS]]),
      revoked: new Map(),
    });
    expect(await both(document, 'adesverify')).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F12 the borrower’s certificate is on the issuer’s list in the very document; an older answer calls it good', async () => {
    const document = await withRevocation({
      inList: new Map([[serial(borrower.certificate), NOW_MS - 60_000]]),
      revoked: new Map(),
      ocspAt: NOW_MS,
    });
    expect(await both(document, 'adesverify')).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F13 the answers about revocation ran out two months before the signature: they were given before the certificate existed', async () => {
    const document = await withRevocation({ ocspAt: NOW_MS - 60 * DAY_MS });
    expect(await world.faults(document)).not.toEqual([]);
  });

  it('F14 a time stamp of half a day before the certificate existed, and after it the lender’s: a contract that is dated back', async () => {
    const first = open(tinyPdf('x'), 'Borrower');
    const early = await signDetached(first.content, borrower.key, [borrower.certificate, world.authority.issuing.der], (imprint) =>
      world.stamp(imprint, NOW_MS - DAY_MS / 2),
    );
    const last = open(first.withSignature(early), 'Lender', {
      validation: await world.validation([borrower.certificate, lender.certificate]),
    });
    // pyHanko’s plain "validate" judges at the moment of asking and takes it; whoever judges at the time of the stamp cannot.
    expect(await world.faults(last.withSignature(await world.sign(last.content, lender)))).not.toEqual([]);
  });

  it('F15 signatures over SHA-1', async () => {
    const first = open(tinyPdf('x'), 'Borrower');
    const half = first.withSignature(await weakSignature(world, first.content, borrower));
    const last = open(half, 'Lender', { validation: await world.validation([borrower.certificate, lender.certificate]) });
    expect(await both(last.withSignature(await weakSignature(world, last.content, lender)))).toMatchObject({ ours: false, pyHanko: false });
  });

  it('F16 a borrower’s signature by the key of the time-stamping authority, whose certificate may do nothing else', async () => {
    const tsa = world.authority.timeStamping;
    const key = { ...borrower.key, privateKey: tsa.privateKey };
    const stamper: Signer = { key, certificate: tsa.der };
    const document = await honest(world, tinyPdf('x'), stamper, lender);
    expect(await both(document)).toMatchObject({ ours: false, pyHanko: false });
  });
});
