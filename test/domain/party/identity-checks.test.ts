import fc from 'fast-check';
import {
  IDENTITY_CHECKS,
  nextIdentityAct,
  type CheckState,
  type IdentityAct,
  type IdentityPlace,
  type SourceAnswer,
} from '../../../domain/party/identity-checks';
import { epochMs, instant, type Instant } from '../../../domain/time/dates';

const START = instant('2026-11-30T01:00:00Z');
const HOUR = 3_600_000;
const ANSWERS: readonly CheckState['answer'][] = [null, 'MATCH', 'MISMATCH', 'NOT_FOUND'];

const state = (check: CheckState['check'], answer: CheckState['answer'], tries = 1): CheckState => ({
  check,
  answer,
  tries,
  lastAskedAt: tries === 0 ? null : START,
});
const place = (checks: readonly CheckState[], over: Partial<IdentityPlace> = {}): IdentityPlace => ({
  checks,
  since: START,
  attempt: 1,
  attemptsMax: 3,
  slaHours: 24,
  isCaseOpen: false,
  now: START,
  ...over,
});
const everyCombination = ANSWERS.flatMap((a) => ANSWERS.flatMap((b) => ANSWERS.map((c) => [a, b, c] as const)));

/** Guarantee (B3, design §10): only a MATCH of every source confirms a person, only a no refuses one, and silence decides nothing. */
describe('what identity sources say', () => {
  it.each(everyCombination)('%s, %s, %s: confirmed by every MATCH alone, refused by a no alone', (...answers) => {
    for (const attempt of [1, 2, 3])
      for (const hours of [0, 1, 25, 2_400])
        for (const isCaseOpen of [true, false]) {
          const checks = IDENTITY_CHECKS.map((check, index) => state(check, answers[index] ?? null));
          const { kind } = nextIdentityAct(place(checks, { attempt, isCaseOpen, now: instant(epochMs(START) + hours * HOUR) }));
          const [isEveryMatch, isNo] = [
            answers.every((each) => each === 'MATCH'),
            answers.some((each) => each === 'MISMATCH' || each === 'NOT_FOUND'),
          ];
          expect(kind === 'CONFIRM').toBe(isEveryMatch);
          expect(kind === 'REFER_BACK').toBe(isNo && attempt < 3);
          expect(kind === 'DECLINE').toBe(isNo && attempt === 3);
        }
  });

  it('every source is asked before anything is decided, and each is named that was not', () => {
    for (const unasked of IDENTITY_CHECKS) {
      const checks = IDENTITY_CHECKS.map((check) => (check === unasked ? state(check, null, 0) : state(check, 'MISMATCH')));
      expect(nextIdentityAct(place(checks))).toEqual({ kind: 'ASK', checks: [unasked] });
    }
  });

  it('a refused card is mended in the card step, whatever else in the identity step; each with its reason', () => {
    const no = (check: CheckState['check']) =>
      nextIdentityAct(place(IDENTITY_CHECKS.map((each) => state(each, each === check ? 'MISMATCH' : 'MATCH'))));
    const acts = IDENTITY_CHECKS.map(no) as Extract<IdentityAct, { kind: 'REFER_BACK' }>[];
    expect(acts.map(({ steps }) => steps)).toEqual([['identity'], ['identity'], ['card']]);
    expect(new Set(acts.map(({ reasons }) => reasons.join())).size).toBe(3);
  });

  /** Plays a day after another with sources that answer as told, or not at all; who waits is woken at the moment it named. */
  function play(answerAt: (check: string, now: Instant) => SourceAnswer, days: number) {
    let [checks, now, isCaseOpen] = [IDENTITY_CHECKS.map((check) => state(check, null, 0)), START, false];
    const cases: Instant[] = [];
    const end = instant(epochMs(START) + days * 24 * HOUR);
    for (let turn = 0; now < end && turn < 10_000; turn += 1) {
      const act = nextIdentityAct(place(checks, { now, isCaseOpen }));
      if (act.kind === 'ASK')
        checks = checks.map((each) => {
          if (!act.checks.includes(each.check)) return each;
          const answer = answerAt(each.check, now);
          return { ...each, tries: each.tries + 1, lastAskedAt: now, answer: answer === 'UNAVAILABLE' ? null : answer };
        });
      else if (act.kind === 'OPEN_CASE') {
        isCaseOpen = true;
        cases.push(now);
      } else if (act.kind === 'WAIT') {
        expect(act.until > now).toBe(true);
        now = act.until;
      } else return { act, now, cases, checks };
    }
    return { act: undefined, now, cases, checks };
  }

  it('a source that never answers is asked for ever, ever less, and people are told once, on the hour', () => {
    const { act, cases, checks } = play((check) => (check === 'ID_NAME' ? 'UNAVAILABLE' : 'MATCH'), 30);
    expect(act).toBeUndefined();
    expect(cases).toEqual([instant(epochMs(START) + 24 * HOUR)]);
    expect(checks.find(({ check }) => check === 'ID_NAME')?.tries).toBeLessThanOrEqual(30 * 24 + 4);
    expect(checks.filter(({ check }) => check !== 'ID_NAME').map(({ tries }) => tries)).toEqual([1, 1]);
  });

  it('whenever the last source comes back, the person is confirmed within an hour of it, and nobody is asked twice what was answered', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 * 60 }), { minLength: 3, maxLength: 3 }), (minutes) => {
        const back = IDENTITY_CHECKS.map((_, index) => instant(epochMs(START) + (minutes[index] ?? 0) * 60_000));
        const { act, now, checks } = play(
          (check, at) => (at >= (back[IDENTITY_CHECKS.indexOf(check as never)] ?? START) ? 'MATCH' : 'UNAVAILABLE'),
          10,
        );
        const last = Math.max(...back.map((each) => epochMs(each)));
        expect(act).toEqual({ kind: 'CONFIRM' });
        expect(epochMs(now) - last).toBeLessThanOrEqual(HOUR);
        expect(checks.every(({ answer }) => answer === 'MATCH')).toBe(true);
      }),
    );
  });
});
