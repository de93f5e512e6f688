import { nextApplicationAct, type ApplicationPlace } from '../../../domain/application/agenda';
import { createCatalogue } from '../../../domain/product/products';
import { instant } from '../../../domain/time/dates';

/** Guarantee: what the sources' answers come to is what the application does, in words that operators read. */
const product = createCatalogue().version('consumer-installment', 1);

describe('an application whose person is checked', () => {
  const NOW = instant('2026-11-26T10:00:00.000Z');
  const act = (identity: ApplicationPlace['identity']) =>
    nextApplicationAct({
      status: 'KYC_PENDING',
      waitingUntil: null,
      product,
      isReminded: false,
      now: NOW,
      ...(identity ? { identity } : {}),
    });

  it('does what the answers come to', () => {
    const checks = ['PHONE_THREE_ELEMENTS', 'CARD_FOUR_ELEMENTS'] as const;
    expect(act({ kind: 'WAIT', until: NOW, checks })).toEqual({
      kind: 'WAIT',
      until: NOW,
      summary: 'a source does not answer and is asked again: phone, bank card',
    });
    expect(act({ kind: 'ASK', checks })).toEqual({
      kind: 'VERIFY_IDENTITY',
      checks,
      summary: 'identity is being checked: phone, bank card',
    });
    expect(act({ kind: 'OPEN_CASE', checks })).toEqual({ kind: 'OPEN_IDENTITY_CASE', checks });
    for (const conclusion of [
      { kind: 'CONFIRM' },
      { kind: 'REFER_BACK', steps: ['card'], reasons: ['a reason'] },
      { kind: 'DECLINE', reasons: ['a reason'] },
    ] as const)
      expect(act(conclusion)).toEqual({ kind: 'CONCLUDE_IDENTITY', conclusion });
  });

  it('goes on with a reason that operators read', () => {
    const moved = (status: ApplicationPlace['status'], after: 'signing' | 'acceptance' = 'signing') =>
      nextApplicationAct({
        status,
        waitingUntil: NOW,
        product: { ...product, reflection: { hours: 24, after } },
        isReminded: true,
        now: NOW,
      });
    expect(moved('OFFERED')).toMatchObject({ kind: 'MOVE', to: 'EXPIRED', why: 'OFFERED ran out of time', until: null });
    expect(moved('REFLECTION_PERIOD')).toMatchObject({ kind: 'MOVE', to: 'READY_TO_DISBURSE', why: 'reflection period over' });
    expect(moved('SUBMITTED')).toMatchObject({ to: 'KYC_PENDING', why: 'identity is checked' });
    expect(moved('SIGNED')).toMatchObject({ to: 'REFLECTION_PERIOD', why: 'reflection period after signing' });
    expect(moved('SIGNED', 'acceptance')).toMatchObject({ to: 'READY_TO_DISBURSE', why: 'signed and no period is open' });
  });
});
