import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenAudit, readAudit, readAuditHead, sealAudit } from '../../db/audit';
import { businessNow } from '../../db/clock';
import { createDb } from '../../db/pool';
import { mintToken } from '../../api/auth';
import { epochMs, instant } from '../../domain/time/dates';
import { yuan, type Fen } from '../../domain/money/money';
import type { Attached } from '../../ops/attach';
import { sendOperatorCommand } from '../../ops/cli/decision';
import { engage } from '../../ops/operator-keys';
import { advanceClock } from '../clock';
import { pdfsig } from '../pdf-tools';
import { findPyHanko } from '../stack/pyhanko';
import { ApiProblem, BorrowerClient } from './borrower-client';
import { inventPerson } from './person';

const print = (line: string) => process.stdout.write(`${line}\n`);
const PRODUCT = 'consumer-installment';
const OPERATOR = 'demo-operator';
const SECOND = 'demo-second';

interface ApplicationView {
  readonly status: string;
  readonly round: number;
  readonly missing: readonly string[];
  readonly decisions: readonly {
    readonly round: number;
    readonly stage: string;
    readonly outcome: string;
    readonly reasons: readonly string[];
  }[];
}

/** One story, as it went and as it was expected to go. */
export interface OriginationReport {
  readonly title: string;
  readonly applicationId: string;
  readonly surprises: readonly string[];
}

/** Stories from the first consent to a signed contract, over HTTP as borrowers and operators do, and one about the audit log. */
export class OriginationDemo {
  private readonly surprises: string[] = [];

  constructor(
    private readonly stack: Attached,
    private readonly mailUrl: string,
    private readonly seed: number,
  ) {}

  async run(): Promise<{ reports: OriginationReport[]; firstStepToSignedSeconds: number }> {
    await engage(this.stack, OPERATOR, 'DEMO-1', ['approver']);
    await engage(this.stack, SECOND, 'DEMO-2', ['approver']);
    const reports = [
      await this.tell('refused by rules, with the reasons in words', () => this.refused()),
      await this.tell('referred, sent back for a step, completed on another device, approved by two, cancelled in cooling-off', () =>
        this.sentBack(),
      ),
      await this.tell('a consent withdrawn in the middle ends what needs it', () => this.withdrawn()),
      await this.tell('somebody else’s card is refused with its reason, another one is taken', () => this.foreignCard()),
      await this.tell('the card network is down for a day: nothing is decided, and it goes on when it is back', () => this.sourceDown()),
    ];
    let seconds = 0;
    reports.push(
      await this.tell('a changed amount makes a new decision and voids the offer; read, confirmed, signed, paid out', async () => {
        const told = await this.changedAndSigned();
        ({ seconds } = told);
        return told.id;
      }),
      await this.tell('withdrawn three days after the payout: principal and the interest of the days go back, without any fee', () =>
        this.withdrawnAfterPayout(),
      ),
      await this.tell('the audit log broken on purpose, and found', () => this.auditBroken()),
    );
    return { reports, firstStepToSignedSeconds: seconds };
  }

  private async tell(title: string, story: () => Promise<string>): Promise<OriginationReport> {
    print(`\n▸ ${title}`);
    const before = this.surprises.length;
    const applicationId = await story();
    return { title, applicationId, surprises: this.surprises.slice(before) };
  }

  private expect(what: string, is: unknown, wanted: unknown): void {
    const isAsTold = JSON.stringify(is) === JSON.stringify(wanted);
    if (!isAsTold) this.surprises.push(`${what}: ${JSON.stringify(is)}, expected ${JSON.stringify(wanted)}`);
    print(`    ${isAsTold ? '' : 'NOT AS TOLD: '}${what}: ${typeof is === 'string' ? is : JSON.stringify(is)}`);
  }

  /** A person at a device of their own: another token, nothing kept from the last. */
  private async device(number: number): Promise<BorrowerClient> {
    const person = inventPerson(this.seed, 100 + number);
    const token = await mintToken(this.stack.tokenSecret, person.borrowerId, 24);
    return new BorrowerClient({ apiUrl: this.stack.apiUrl, mailUrl: this.mailUrl, token, person });
  }

  private view = (client: BorrowerClient, id: string) => client.call<ApplicationView>('GET', `/v1/applications/${id}`);
  private refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ApiProblem ? error.code : String(error)),
    );

  private async review(id: string, body: object, operator = OPERATOR): Promise<void> {
    await sendOperatorCommand(this.stack, operator, `/v1/ops/applications/${id}/review`, body);
  }

  private async refused(): Promise<string> {
    const client = await this.device(1);
    const id = await client.apply({ productId: PRODUCT, principalFen: 5_000_000, termMonths: 12, monthlyIncomeFen: 300_000 });
    this.expect('decision', await client.untilStatus(id, ['DECLINED', 'OFFERED', 'FOUR_EYES']), 'DECLINED');
    const rules = (await this.view(client, id)).decisions.find(({ stage }) => stage === 'RULES');
    for (const reason of rules?.reasons ?? []) print(`    because ${reason}`);
    if ((rules?.reasons.length ?? 0) === 0) this.surprises.push('a refusal without a reason');
    return id;
  }

  private async sentBack(): Promise<string> {
    const phone = await this.device(2);
    const id = await phone.apply({ productId: PRODUCT, principalFen: 18_000_000, termMonths: 12, monthlyIncomeFen: 10_000_000 });
    this.expect('decision', await phone.untilStatus(id, ['DECLINED', 'OFFERED', 'FOUR_EYES']), 'FOUR_EYES');
    await this.review(id, { verdict: 'REFER_BACK', missing: ['income'], reason: 'the pay slip is of last year' });
    const laptop = await this.device(2);
    const { round, missing, status } = await this.view(laptop, id);
    this.expect('seen from another device', { status, round, missing }, { status: 'DRAFT', round: 2, missing: ['income'] });
    const submit = () => laptop.call('POST', `/v1/applications/${id}/submission`);
    this.expect('submitted without it', await this.refusal(submit()), 'STEP_INCOMPLETE');
    await laptop.call('PUT', `/v1/applications/${id}/steps/income`, { monthlyIncome: { minor: '11000000', currency: 'CNY' } });
    await submit();
    await laptop.untilStatus(id, ['FOUR_EYES']);
    const approval = { verdict: 'APPROVE', reason: 'the new pay slip was seen' };
    await this.review(id, approval);
    this.expect('approved by one of two', await laptop.applicationStatus(id), 'FOUR_EYES');
    const again = await this.review(id, approval).then(() => 'accepted', String);
    this.expect('by the same person again', again.includes('FOUR_EYES_REQUIRED') ? 'FOUR_EYES_REQUIRED' : again, 'FOUR_EYES_REQUIRED');
    await this.review(id, approval, SECOND);
    await laptop.untilStatus(id, ['OFFERED']);
    await laptop.accept(id);
    await laptop.cancel(id);
    this.expect('cancelled free of charge', await laptop.untilStatus(id, ['WITHDRAWN']), 'WITHDRAWN');
    return id;
  }

  private async withdrawn(): Promise<string> {
    const client = await this.device(3);
    const id = await client.apply({ productId: PRODUCT, principalFen: 1_200_000, termMonths: 12 });
    await client.untilStatus(id, ['OFFERED']);
    await client.call('DELETE', '/v1/consents/PRIVACY');
    this.expect('the application', await client.untilStatus(id, ['WITHDRAWN']), 'WITHDRAWN');
    this.expect(
      'a further submission',
      await this.refusal(client.apply({ productId: PRODUCT, principalFen: 1_200_000, termMonths: 12 })),
      'accepted',
    );
    print('    (the texts were read and agreed to again)');
    return id;
  }

  private async foreignCard(): Promise<string> {
    const [client, owner] = [await this.device(5), inventPerson(this.seed, 106)];
    await this.tellRegister('people', owner);
    const { name, phone, ...rest } = inventPerson(this.seed, 105);
    await this.tellRegister('people', { name, phone, ...rest });
    const id = await client.apply({ productId: PRODUCT, principalFen: 1_500_000, termMonths: 12, cardNumber: owner.cardNumber });
    await client.untilRound(id, 2);
    const { missing, decisions } = await this.view(client, id);
    this.expect('sent back for', missing, ['card']);
    this.expect('because', decisions.find(({ stage }) => stage === 'KYC')?.reasons, [
      'the bank card could not be confirmed as the person’s own',
    ]);
    await client.call('PUT', `/v1/applications/${id}/steps/card`, { cardNumber: rest.cardNumber });
    await client.call('POST', `/v1/applications/${id}/submission`);
    this.expect('with the own card', await client.untilStatus(id, ['OFFERED', 'DECLINED', 'FOUR_EYES']), 'OFFERED');
    await client.cancel(id);
    return id;
  }

  private async sourceDown(): Promise<string> {
    const client = await this.device(7);
    const { now } = await businessNow(this.stack.db);
    await this.tellRegister('outages', { source: 'alibaba', until: instant(epochMs(now) + 26 * 3_600_000) });
    const id = await client.apply({ productId: PRODUCT, principalFen: 1_500_000, termMonths: 12 });
    await this.passHours(25, 'passes a day');
    this.expect('a day later', await client.applicationStatus(id), 'KYC_PENDING');
    const alarms = await this.stack.db('outbox').where({ topic: 'alarm', subject: id }).pluck<{ code: string }[]>('payload');
    this.expect(
      'people were told',
      alarms.map(({ code }) => code),
      ['IDENTITY_SOURCE_SILENT'],
    );
    await this.passHours(3, 'goes on until the source is back');
    this.expect('resumed', await client.untilStatus(id, ['OFFERED', 'DECLINED', 'FOUR_EYES']), 'OFFERED');
    await client.cancel(id);
    return id;
  }

  private async tellRegister(what: string, input: object): Promise<void> {
    await fetch(`${this.stack.env.IDENTITY_URL}/${what}`, { method: 'POST', body: JSON.stringify(input) });
  }

  private async changedAndSigned(): Promise<{ id: string; seconds: number }> {
    const client = await this.device(4);
    const startedAt = Date.now();
    const id = await client.apply({ productId: PRODUCT, principalFen: 2_000_000, termMonths: 12 });
    await client.untilStatus(id, ['OFFERED']);
    await client.call('POST', `/v1/applications/${id}/reopening`);
    await client.call('PUT', `/v1/applications/${id}/steps/request`, { principal: { minor: '1000000', currency: 'CNY' }, termMonths: 6 });
    await client.call('POST', `/v1/applications/${id}/submission`);
    await client.untilStatus(id, ['OFFERED']);
    const decided = (await this.view(client, id)).decisions
      .filter(({ stage }) => stage === 'RULES')
      .map(({ round, outcome }) => [round, outcome]);
    this.expect('decisions by round', decided, [
      [1, 'APPROVE'],
      [2, 'APPROVE'],
    ]);
    const { sha256, disclosure } = await client.call<{
      sha256: string;
      disclosure: { annualisedCost: string; totalNormalCost: { minor: string }; statement: { en: string } };
    }>('GET', `/v1/applications/${id}/disclosure`);
    const cost = yuan(Number(disclosure.totalNormalCost.minor) as Fen);
    print(`    the cost table: ${cost} yuan in all, ${disclosure.annualisedCost} a year; ${disclosure.statement.en}`);
    const confirmation = client.call('POST', `/v1/applications/${id}/disclosure/confirmation`, { disclosureSha256: sha256 });
    this.expect('confirmed too early', await this.refusal(confirmation), 'DISCLOSURE_NOT_READ');
    await client.accept(id);
    await this.passHours(25, 'passes the reflection period');
    await client.untilStatus(id, ['AWAITING_SIGNATURE']);
    await client.sign(id);
    const seconds = (Date.now() - startedAt) / 1_000;
    const loan = await client.until('the payout', async () => {
      const view = await client.loan(id).catch(() => undefined);
      return view?.status === 'ACTIVE' ? view : undefined;
    });
    this.expect('the loan', loan.status, 'ACTIVE');
    await this.showContract(client, id);
    return { id, seconds };
  }

  private async withdrawnAfterPayout(): Promise<string> {
    const client = await this.device(8);
    const id = await client.apply({ productId: 'consumer-withdrawable', principalFen: 1_000_000, termMonths: 12 });
    await client.untilStatus(id, ['OFFERED']);
    await client.accept(id);
    await this.passHours(25, 'passes the reflection period');
    await client.untilStatus(id, ['AWAITING_SIGNATURE']);
    await client.sign(id);
    const untilLoan = (status: string) =>
      client.until(`the loan is ${status}`, async () => {
        const view = await client.loan(id).catch(() => undefined);
        return view?.status === status ? view : undefined;
      });
    await untilLoan('ACTIVE');
    await this.passHours(72, 'passes three days');
    const withdrawn = await client.call<{ result: { until: string; payoffFen: number } }>('POST', `/v1/loans/${id}/withdrawal`);
    print(`    to be paid back until ${withdrawn.result.until}: ${yuan(withdrawn.result.payoffFen as Fen)} yuan`);
    const again = client.call('POST', `/v1/loans/${id}/withdrawal`);
    this.expect('withdrawn twice', await this.refusal(again), 'ILLEGAL_TRANSITION');
    await this.passHours(24, 'goes on by a day');
    this.expect('the loan, its money collected', (await untilLoan('CLOSED_OBLIGATIONS_MET')).status, 'CLOSED_OBLIGATIONS_MET');
    return id;
  }

  /** The sealed contract as its borrower downloads it, and what validators say that are not ours. */
  private async showContract(client: BorrowerClient, id: string): Promise<void> {
    const contract = await client.download(`/v1/applications/${id}/contract.pdf`);
    const file = join(tmpdir(), `loanloom-contract-${id}.pdf`);
    await writeFile(file, contract);
    print(`    the contract, sealed by both: ${file}`);
    const roots = this.stack.env.SIGNATURE_ROOTS_FILE ?? '';
    const bySig = await pdfsig(contract, await readFile(roots, 'utf8')).catch(String);
    for (const line of bySig
      .split('\n')
      .filter((each) => /Common Name|Signature Validation|Certificate Validation|ocument signed/.test(each)))
      print(`      pdfsig: ${line.replace(/^\s*- /, '')}`);
    this.expect(
      'pdfsig: valid and trusted',
      [/Signature is Valid\./g, /Certificate is Trusted\./g].map((each) => bySig.match(each)?.length),
      [2, 2],
    );
    const pyHanko = await findPyHanko({
      progress: (line) => {
        print(`    ${line}`);
      },
    });
    const { output } = await pyHanko('sign', 'adesverify', '--trust-replace', '--trust', roots, file);
    const verdicts = output
      .split('\n')
      .filter((line) => /^(Borrower|Lender):/.test(line))
      .map((line) => line.replace(/:[0-9a-f]{64}:/, ': '));
    for (const line of verdicts) print(`      pyHanko: ${line}`);
    this.expect('pyHanko: intact and trusted', verdicts.filter((line) => line.includes(': INTACT:TRUSTED')).length, 2);
  }

  private async passHours(hours: number, what: string): Promise<void> {
    const { db, client, env, restoreEpoch } = this.stack;
    const { now } = await businessNow(db);
    print(`    ── the clock ${what}`);
    const clock = { db, client, isSandbox: env.LOANLOOM_SANDBOX, restoreEpoch, progress: () => undefined };
    await advanceClock(clock, instant(epochMs(now) + hours * 3_600_000));
  }

  private async auditBroken(): Promise<string> {
    const { db, env } = this.stack;
    while ((await sealAudit(db, 500)) > 0);
    const { seq, hash } = await readAuditHead(db);
    const lines = await readAudit(db, { limit: 500 });
    print(
      `    ${String(lines.length)} lines, sealed to ${String(seq)}:${hash.slice(0, 12)}…; the newest: ${lines[0]?.actor ?? ''} ${lines[0]?.action ?? ''}`,
    );
    this.expect('contradictions', await brokenAudit(db), []);
    const owner = createDb(env.DATABASE_OWNER_URL ?? '', 1);
    const forged = lines.at(-1)?.id ?? 0;
    await owner.raw('ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only');
    const { reason } = await owner('audit_log').where({ id: forged }).first<{ reason: string }>('reason');
    await owner('audit_log').where({ id: forged }).update({ reason: 'nothing happened here' });
    const found = await brokenAudit(db);
    await owner('audit_log').where({ id: forged }).update({ reason });
    await owner.raw('ALTER TABLE audit_log ENABLE TRIGGER audit_log_append_only');
    await owner.destroy();
    this.expect('found when the database’s owner rewrites a line', found, [
      `audit line ${String(forged)} at place 1 was changed, moved or taken out`,
    ]);
    this.expect('written back', await brokenAudit(db), []);
    return '';
  }
}
