import fc from 'fast-check';
import {
  afterAcceptance,
  deadlineOf,
  isOver,
  nextApplicationAct,
  type ApplicationAct,
  type ApplicationPlace,
  type ApplicationProduct,
} from '../../../domain/application/agenda';
import { APPLICATION_TRANSITIONS, canTransition, isTerminal, type ApplicationStatus } from '../../../domain/states';
import { epochMs, instant, type Instant } from '../../../domain/time/dates';

const PRODUCT: ApplicationProduct = {
  draftValidDays: 30,
  review: { validDays: 7 },
  offer: { validHours: 72 },
  reflection: { hours: 24, after: 'acceptance' },
  signing: { validHours: 48, sealWithinHours: 4 },
};
const NOW = '2026-11-26T10:00:00.000Z' as Instant;
const STATUSES = Object.keys(APPLICATION_TRANSITIONS) as ApplicationStatus[];
const later = (at: Instant, hours: number) => instant(epochMs(at) + hours * 3_600_000);
const place = (status: ApplicationStatus, more: Partial<ApplicationPlace> = {}): ApplicationPlace => ({
  status,
  waitingUntil: null,
  product: PRODUCT,
  isReminded: false,
  now: NOW,
  ...more,
});

const products: fc.Arbitrary<ApplicationProduct> = fc.record({
  draftValidDays: fc.integer({ min: 1, max: 60 }),
  review: fc.record({ validDays: fc.integer({ min: 1, max: 30 }) }),
  offer: fc.record({ validHours: fc.integer({ min: 1, max: 200 }) }),
  reflection: fc.record({ hours: fc.integer({ min: 0, max: 168 }), after: fc.constantFrom('acceptance', 'signing') }),
  signing: fc.record({ validHours: fc.integer({ min: 1, max: 200 }), sealWithinHours: fc.integer({ min: 1, max: 240 }) }),
});

/** What people and the outside may answer; each is taken only where the application is at that point. */
const ANSWERS = ['submit', 'accept', 'sign', 'approve', 'refuse', 'reopen', 'withdraw', 'wait'] as const;
type Answer = (typeof ANSWERS)[number];

/** Takes an act of our own: where it has an outcome of its own (rules), the answer says which. */
function performed(at: ApplicationPlace, act: ApplicationAct, answer: Answer): ApplicationPlace {
  const to = (status: ApplicationStatus, waitingUntil = deadlineOf(status, at.product, at.now)) => ({
    ...at,
    status,
    waitingUntil,
    isReminded: false,
  });
  switch (act.kind) {
    case 'REMIND':
      return { ...at, isReminded: true };
    case 'SET_DEADLINE':
      return { ...at, waitingUntil: act.until };
    case 'MOVE':
      return to(act.to, act.until);
    case 'DECIDE':
      return to(answer === 'refuse' ? 'DECLINED' : answer === 'wait' ? 'FOUR_EYES' : 'OFFERED');
    case 'DRAW_UP_CONTRACT':
      return to('AWAITING_SIGNATURE');
    case 'VERIFY_IDENTITY':
      return to(answer === 'refuse' ? 'DECLINED' : 'DECISION_PENDING');
    default:
      return at;
  }
}

/** What an answer makes of an application that waits. */
function answered(at: ApplicationPlace, answer: Answer): ApplicationPlace {
  const { status, product, now } = at;
  const to = (next: ApplicationStatus) => ({ ...at, status: next, waitingUntil: deadlineOf(next, product, now), isReminded: false });
  if (answer === 'wait') return { ...at, now: later(now, 6) };
  if (answer === 'withdraw') return to('WITHDRAWN');
  if (status === 'DRAFT' && answer === 'submit') return to('SUBMITTED');
  if (status === 'OFFERED' && answer === 'accept') return performed(at, afterAcceptance(at), answer);
  if (status === 'AWAITING_SIGNATURE' && answer === 'sign') return to('SIGNED');
  if ((status === 'FOUR_EYES' || status === 'OFFERED') && answer === 'reopen') return to('DRAFT');
  if (status === 'FOUR_EYES' && answer === 'approve') return to('OFFERED');
  if (status === 'FOUR_EYES' && answer === 'refuse') return to('DECLINED');
  return at;
}

/** A whole life: answers while it waits, then time alone. Every status it had, in order. */
function life(product: ApplicationProduct, answers: readonly Answer[]): { path: ApplicationStatus[]; ended: ApplicationPlace } {
  let at = place('DRAFT', { product });
  const path: ApplicationStatus[] = [at.status];
  const given = answers[Symbol.iterator]();
  for (let step = 0; step < 1_000; step += 1) {
    const act = nextApplicationAct(at);
    if (act.kind === 'END' || act.kind === 'OPEN_LOAN') return { path, ended: at };
    const next = given.next();
    const answer = next.done === true ? 'wait' : next.value;
    const before = at.status;
    at = act.kind === 'WAIT' ? answered(at, answer) : performed(at, act, answer);
    if (at.status === before) continue;
    expect(canTransition(APPLICATION_TRANSITIONS, before, at.status)).toBe(true);
    path.push(at.status);
  }
  throw new Error(`it never ended: ${path.join(' ')}`);
}

describe('what an application does next', () => {
  it('leads from the form to the loan', () => {
    const { path } = life(PRODUCT, ['wait', 'submit', 'approve', 'approve', 'approve', 'accept', ...Array<Answer>(6).fill('wait'), 'sign']);
    expect(path).toEqual([
      'DRAFT',
      'SUBMITTED',
      'KYC_PENDING',
      'DECISION_PENDING',
      'OFFERED',
      'REFLECTION_PERIOD',
      'AWAITING_SIGNATURE',
      'SIGNED',
      'READY_TO_DISBURSE',
    ]);
  });

  it('reminds the borrower once, half-way to each deadline of theirs, and never at or after it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('DRAFT', 'OFFERED', 'AWAITING_SIGNATURE'),
        products,
        fc.double({ min: 0, max: 1.5, noNaN: true }),
        (status, product, share) => {
          const until = deadlineOf(status, product, NOW) ?? NOW;
          const now = instant(Math.round(epochMs(NOW) + share * (epochMs(until) - epochMs(NOW))));
          const act = nextApplicationAct(place(status, { product, waitingUntil: until, now }));
          const half = instant((epochMs(NOW) + epochMs(until)) / 2);
          expect(act.kind).toBe(now >= until ? 'MOVE' : now >= half ? 'REMIND' : 'WAIT');
          if (act.kind === 'WAIT') expect(act.until).toBe(half);
          const told = nextApplicationAct(place(status, { product, waitingUntil: until, now, isReminded: true }));
          expect(told.kind).toBe(now >= until ? 'MOVE' : 'WAIT');
          if (told.kind === 'WAIT') expect(told.until).toBe(until);
        },
      ),
    );
  });

  it('gives every status of every product a way on: an end, a step, a question to the outside, or a wait that a deadline ends', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATUSES), products, fc.option(fc.integer({ min: -500, max: 500 })), (status, product, hours) => {
        const waitingUntil = hours === null ? null : later(NOW, hours);
        const act = nextApplicationAct(place(status, { product, waitingUntil }));
        expect(act.kind === 'END').toBe(isTerminal(APPLICATION_TRANSITIONS, status));
        if (act.kind === 'WAIT') expect(act.until > NOW).toBe(true);
        if (act.kind === 'SET_DEADLINE') expect(act.until >= NOW).toBe(true);
        if (act.kind === 'MOVE') {
          expect(canTransition(APPLICATION_TRANSITIONS, status, act.to)).toBe(true);
          expect(act.until).toBe(deadlineOf(act.to, product, NOW));
        }
      }),
    );
  });

  it('ends every life, whatever is answered and when nobody answers any more', () => {
    fc.assert(
      fc.property(products, fc.array(fc.constantFrom(...ANSWERS), { maxLength: 60 }), (product, answers) => {
        const { ended } = life(product, answers);
        expect(isTerminal(APPLICATION_TRANSITIONS, ended.status) || ended.status === 'READY_TO_DISBURSE').toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never goes back past a signature, and reflects once, for the whole of its period, on the side that the product says', () => {
    fc.assert(
      fc.property(products, fc.array(fc.constantFrom(...ANSWERS), { maxLength: 60 }), (product, answers) => {
        const { path } = life(product, answers);
        const signed = path.indexOf('SIGNED');
        const after = signed < 0 ? [] : path.slice(signed + 1);
        const allowed: ApplicationStatus[] = ['REFLECTION_PERIOD', 'READY_TO_DISBURSE', 'WITHDRAWN'];
        expect(after.filter((status) => !allowed.includes(status))).toEqual([]);
        const reflections = path.filter((status) => status === 'REFLECTION_PERIOD').length;
        const { hours, after: side } = product.reflection;
        if (path.includes('READY_TO_DISBURSE')) expect(reflections).toBe(hours === 0 ? 0 : 1);
        if (reflections > 0) expect(path.indexOf('REFLECTION_PERIOD') > signed && signed >= 0).toBe(side === 'signing');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[ApplicationStatus, number]>([
    ['DRAFT', 30 * 24],
    ['FOUR_EYES', 7 * 24],
    ['OFFERED', 72],
    ['REFLECTION_PERIOD', 24],
    ['AWAITING_SIGNATURE', 48],
  ])('%s waits %d hours by its product, and at the deadline no longer', (status, hours) => {
    const until = later(NOW, hours);
    expect(deadlineOf(status, PRODUCT, NOW)).toBe(until);
    expect(nextApplicationAct(place(status))).toEqual({ kind: 'SET_DEADLINE', until });
    const before = place(status, { waitingUntil: until, isReminded: true, now: instant(epochMs(until) - 1) });
    expect(nextApplicationAct(before)).toMatchObject({ kind: 'WAIT', until });
    expect(nextApplicationAct({ ...before, now: until }).kind).not.toBe('WAIT');
    expect([isOver(before), isOver({ ...before, now: until }), isOver({ waitingUntil: null, now: until })]).toEqual([false, true, false]);
  });

  it('reads in an operator’s words', () => {
    const waiting = (status: ApplicationStatus) => nextApplicationAct(place(status, { waitingUntil: later(NOW, 1), isReminded: true }));
    expect(STATUSES.map((status) => waiting(status)).flatMap((act) => ('summary' in act ? [act.summary] : []))).toEqual([
      'waiting for the borrower to complete the steps',
      'identity is being checked: name and ID number, phone, bank card',
      'referred: waiting for an operator to approve or decline',
      'waiting for the borrower to accept the offer',
      'reflection period: the borrower may cancel free of charge',
      'waiting for the borrower to sign',
      'the loan is opened',
      'DISBURSED',
      'DECLINED',
      'WITHDRAWN',
      'EXPIRED',
    ]);
  });

  it.each<[string, ApplicationProduct['reflection'], ApplicationAct['kind'], ApplicationStatus]>([
    ['before signing', { hours: 24, after: 'acceptance' }, 'MOVE', 'READY_TO_DISBURSE'],
    ['after signing', { hours: 24, after: 'signing' }, 'DRAW_UP_CONTRACT', 'REFLECTION_PERIOD'],
    ['before signing, of no hours', { hours: 0, after: 'acceptance' }, 'DRAW_UP_CONTRACT', 'READY_TO_DISBURSE'],
    ['after signing, of no hours', { hours: 0, after: 'signing' }, 'DRAW_UP_CONTRACT', 'READY_TO_DISBURSE'],
  ])('a reflection period %s', (_, reflection, accepted, signed) => {
    const product = { ...PRODUCT, reflection };
    expect(afterAcceptance({ product, now: NOW }).kind).toBe(accepted);
    expect(nextApplicationAct(place('SIGNED', { product }))).toMatchObject({ kind: 'MOVE', to: signed });
    expect(nextApplicationAct(place('REFLECTION_PERIOD', { product, waitingUntil: NOW }))).toMatchObject(
      reflection.after === 'signing' ? { kind: 'MOVE', to: 'READY_TO_DISBURSE' } : { kind: 'DRAW_UP_CONTRACT' },
    );
  });
});
