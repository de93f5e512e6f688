import fc from 'fast-check';
import { nextSealingAct, SEALING_TROUBLES, type SealingPlace, type SealingTry } from '../../../domain/application/sealing';
import { epochMs, HOUR_MS, instant, type Instant } from '../../../domain/time/dates';

const SIGNED_AT = instant('2026-11-30T08:00:00Z');
const after = (ms: number): Instant => instant(epochMs(SIGNED_AT) + ms);
const MINUTE = 60_000;
const place = (over: Partial<SealingPlace> = {}): SealingPlace => ({
  isSealed: false,
  tries: [],
  since: SIGNED_AT,
  withinHours: 4,
  told: [],
  now: SIGNED_AT,
  ...over,
});
const silentAt = (...minutes: number[]): SealingTry[] => minutes.map((each) => ({ outcome: 'UNAVAILABLE', at: after(each * MINUTE) }));

/** Guarantee: nothing but a seal lets a signed contract go on, nothing ends the wait, and people hear of it in time. */
describe('the seal of a signed contract', () => {
  it('is asked for at once, and ends the step when it is there', () => {
    expect(nextSealingAct(place())).toEqual({ kind: 'SEAL' });
    expect(nextSealingAct(place({ isSealed: true }))).toEqual({ kind: 'SEALED' });
  });

  it('is asked for again after 1, 5, 15 and then every 60 minutes', () => {
    expect(nextSealingAct(place({ tries: silentAt(0) }))).toEqual({ kind: 'WAIT', until: after(MINUTE) });
    expect(nextSealingAct(place({ tries: silentAt(0), now: after(MINUTE) }))).toEqual({ kind: 'SEAL' });
    expect(nextSealingAct(place({ tries: silentAt(0, 1), now: after(MINUTE) }))).toEqual({ kind: 'WAIT', until: after(6 * MINUTE) });
    expect(nextSealingAct(place({ tries: silentAt(0, 1, 6), now: after(6 * MINUTE) }))).toEqual({
      kind: 'WAIT',
      until: after(21 * MINUTE),
    });
    expect(nextSealingAct(place({ tries: silentAt(0, 1, 6, 21, 81), now: after(81 * MINUTE) }))).toEqual({
      kind: 'WAIT',
      until: after(141 * MINUTE),
    });
  });

  it('is a case at the very hour that its product says, once, and a refusal is one at once', () => {
    const late = { tries: silentAt(0, 1, 6, 21, 81, 141, 201) };
    expect(nextSealingAct(place({ ...late, now: after(4 * HOUR_MS - 1) }))).toEqual({ kind: 'WAIT', until: after(4 * HOUR_MS) });
    expect(nextSealingAct(place({ ...late, now: after(4 * HOUR_MS) }))).toEqual({ kind: 'OPEN_CASE', why: 'SILENT' });
    expect(nextSealingAct(place({ ...late, now: after(4 * HOUR_MS), told: ['SILENT', 'REFUSED'] }))).toEqual({
      kind: 'WAIT',
      until: after(261 * MINUTE),
    });
    const refused = { tries: [{ outcome: 'REFUSED', at: SIGNED_AT }] as const };
    expect(nextSealingAct(place(refused))).toEqual({ kind: 'OPEN_CASE', why: 'REFUSED' });
    expect(nextSealingAct(place({ ...refused, told: ['SILENT', 'REFUSED'] }))).toEqual({ kind: 'WAIT', until: after(MINUTE) });
    expect(nextSealingAct(place({ ...refused, told: ['SILENT', 'REFUSED'], now: after(MINUTE) }))).toEqual({ kind: 'SEAL' });
  });

  it('goes on in every history: each wait ends, and only a seal is taken for one', () => {
    const tries = fc.array(fc.record({ outcome: fc.constantFrom('UNAVAILABLE', 'REFUSED'), minute: fc.nat(10_000) }), { maxLength: 30 });
    fc.assert(
      fc.property(
        tries,
        fc.nat(20_000),
        fc.subarray([...SEALING_TROUBLES]),
        fc.integer({ min: 1, max: 240 }),
        (raw, minute, told, withinHours) => {
          const history = raw
            .map(({ outcome, minute: at }) => ({ outcome, at: after(at * MINUTE) }))
            .sort((a, b) => epochMs(a.at) - epochMs(b.at));
          const now = after(minute * MINUTE);
          const act = nextSealingAct(place({ tries: history, now, told, withinHours }));
          expect(act.kind).not.toBe('SEALED');
          if (act.kind !== 'WAIT') return;
          expect(epochMs(act.until)).toBeGreaterThan(epochMs(now));
          // Where it waits to, something happens.
          expect(nextSealingAct(place({ tries: history, now: act.until, told, withinHours })).kind).not.toBe('WAIT');
        },
      ),
    );
  });
});
