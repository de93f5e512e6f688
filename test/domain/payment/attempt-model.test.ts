import {
  afterAnswer,
  instructionAct,
  LATER_MAX,
  maySend,
  nextAct,
  QUIET_PERIOD_MS,
  sendBegun,
  type AttemptFacts,
  type Asked,
  type Heard,
  type LastAnswer,
} from '../../../domain/payment/attempt';

/** What a bank knows of one number. CLOSED is the fence: whatever arrives later is refused. */
type BankState = 'NONE' | 'HELD' | 'PAID' | 'REFUSED' | 'CLOSED';
interface Bank {
  readonly state: BankState;
  /** Requests on the wire whose sender has given up on them: they may arrive at any time, or never. */
  readonly flying: number;
}

type Attempt = AttemptFacts & { readonly isContradicted: boolean };

/** The driver between two steps: what the last answer said, and how often the channel has said "later". */
interface Driver {
  readonly last: 'LOST' | 'LATER' | 'OTHER' | 'NOT_FOUND' | 'QUIET';
  readonly laters: number;
}

interface World {
  readonly attempts: readonly Attempt[];
  readonly driver: Driver;
  readonly banks: readonly Bank[];
}

type Rules = Pick<typeof import('../../../domain/payment/attempt'), 'afterAnswer' | 'nextAct' | 'maySend'> & {
  readonly keepsLostOutcome?: boolean;
};
const OURS: Rules = { afterAnswer, nextAct, maySend };

const CHANNELS = 2;
/** Rules that send without end are looked at this far; ours never come near. */
const SENDS = 4;
/** "Later" as often as the model looks: the rule is the same for twenty. */
const LATERS = 2;

const START: World = {
  attempts: [],
  driver: { last: 'LOST', laters: 0 },
  banks: Array.from({ length: CHANNELS }, () => ({ state: 'NONE', flying: 0 })),
};

const heardOf = (state: BankState): Heard =>
  ({
    NONE: { outcome: 'UNKNOWN' },
    HELD: { outcome: 'UNKNOWN', acknowledged: true },
    PAID: { outcome: 'SUCCEEDED' },
    REFUSED: { outcome: 'FAILED_DEFINITIVE' },
    CLOSED: { outcome: 'FAILED_DEFINITIVE' },
  })[state] as Heard;

const set = <T>(list: readonly T[], index: number, value: T): T[] => list.map((each, at) => (at === index ? value : each));

/** Every state of a bank after an order has arrived: it takes it one way or another, or says later. */
const arrivals = (bank: BankState): { state: BankState; heard: Heard }[] =>
  bank === 'NONE'
    ? [
        ...(['HELD', 'PAID', 'REFUSED'] as const).map((state) => ({ state, heard: heardOf(state) })),
        { state: 'NONE', heard: { outcome: 'RETRY_SAME' } },
      ]
    : [{ state: bank, heard: heardOf(bank) }];

function after(
  world: World,
  { index, asked, heard, rules }: { readonly index: number; readonly asked: Asked; readonly heard: Heard; readonly rules: Rules },
): World {
  const recorded = rules.afterAnswer(world.attempts[index]!, asked, heard);
  const isContradicted = world.attempts[index]!.isContradicted || recorded.contradiction === 'PAID_AFTER_FAILURE';
  const isNotFound = heard.outcome === 'UNKNOWN' && heard.acknowledged !== true && (asked === 'QUERY' || asked === 'CLOSE');
  const wasNotFound = world.driver.last === 'NOT_FOUND' || world.driver.last === 'QUIET';
  const isLater = heard.outcome === 'RETRY_SAME';
  const driver: Driver = {
    last: isLater ? 'LATER' : isNotFound ? (wasNotFound ? 'QUIET' : 'NOT_FOUND') : 'OTHER',
    laters: Math.min(LATERS, world.driver.laters + (isLater ? 1 : 0)),
  };
  return { ...world, attempts: set(world.attempts, index, { ...recorded.facts, isContradicted }), driver };
}

/** Everything that can come of a send: a refused socket, a death before or after the bank acts, an answer, a request that flies on. */
function sends(world: World, index: number, rules: Rules): World[] {
  if (world.attempts[index]!.sends >= SENDS) return [];
  const bank = world.banks[index]!;
  const begun: World = {
    ...world,
    attempts: set(world.attempts, index, { ...sendBegun(world.attempts[index]!), isContradicted: world.attempts[index]!.isContradicted }),
  };
  const lost = (state: Bank): World => ({
    ...begun,
    banks: set(begun.banks, index, state),
    driver: rules.keepsLostOutcome ? world.driver : { last: 'LOST', laters: world.driver.laters },
  });
  return [
    after(begun, { index, asked: 'SEND', heard: { outcome: 'FAILED_DEFINITIVE', nothingSent: true }, rules }),
    lost(bank),
    lost({ ...bank, flying: Math.min(2, bank.flying + 1) }),
    ...arrivals(bank.state).flatMap(({ state, heard }) => {
      const taken: World = { ...begun, banks: set(begun.banks, index, { ...bank, state }) };
      return [after(taken, { index, asked: 'SEND', heard, rules }), lost({ ...bank, state })];
    }),
  ];
}

function asks(world: World, index: number, asked: 'QUERY' | 'CLOSE', rules: Rules): World[] {
  const bank = world.banks[index]!;
  const state: BankState = asked === 'CLOSE' && bank.state === 'NONE' ? 'CLOSED' : bank.state;
  const acted: World = { ...world, banks: set(world.banks, index, { ...bank, state }) };
  const noAnswer = { last: 'OTHER', laters: world.driver.laters } as const;
  return [after(acted, { index, asked, heard: heardOf(state), rules }), { ...world, driver: noAnswer }, { ...acted, driver: noAnswer }];
}

/** What the machine may do in a world. */
function acts(world: World, rules: Rules): World[] {
  const step = instructionAct(
    world.attempts,
    world.attempts.some((each) => each.isContradicted),
  );
  if (step.act === 'DONE' || step.act === 'STOP') return [];
  if (step.act === 'OPEN_NEXT') {
    if (world.attempts.length === CHANNELS) return [];
    return [
      {
        ...world,
        attempts: [...world.attempts, { state: 'SENDING', sends: 0, sendsRefused: 0, isContradicted: false }],
        driver: { last: 'LOST', laters: 0 },
      },
    ];
  }
  if (!('attempt' in step)) throw new Error(step.act);
  const { attempt } = step;
  const index = world.attempts.indexOf(attempt);
  if (step.act === 'SEND') return sends(world, index, rules);
  const answers: Record<Driver['last'], LastAnswer | undefined> = {
    LOST: undefined,
    LATER: { retryAfterSeconds: 60, notFoundForMs: 0 },
    OTHER: { retryAfterSeconds: null, notFoundForMs: 0 },
    NOT_FOUND: { retryAfterSeconds: null, notFoundForMs: 1 },
    QUIET: { retryAfterSeconds: null, notFoundForMs: QUIET_PERIOD_MS },
  };
  const act =
    world.driver.laters >= LATERS && world.driver.last === 'LATER'
      ? 'QUERY'
      : rules.nextAct(answers[world.driver.last], world.driver.laters);
  if (act === 'RESEND') return rules.maySend(attempt) ? sends(world, index, rules) : asks(world, index, 'QUERY', rules);
  return asks(world, index, act, rules);
}

/** What happens by itself: banks finish what they hold, late requests arrive, webhooks hint, files list, the driver is restarted. */
function happenings(world: World, rules: Rules): World[] {
  const own = world.banks.flatMap((bank, index): World[] => {
    const becomes = (state: BankState, flying = bank.flying): World => ({ ...world, banks: set(world.banks, index, { state, flying }) });
    return [
      ...(bank.state === 'HELD' ? [becomes('PAID'), becomes('REFUSED')] : []),
      ...(bank.flying > 0
        ? [...arrivals(bank.state).map(({ state }) => becomes(state, bank.flying - 1)), becomes(bank.state, bank.flying - 1)]
        : []),
      // The file, and a query that a webhook or a break asks for, speak at any time and about any attempt.
      ...(bank.state === 'PAID' && world.attempts[index]
        ? [after(world, { index, asked: 'FILE', heard: { outcome: 'SUCCEEDED' }, rules })]
        : []),
      ...(world.attempts[index] ? [after(world, { index, asked: 'QUERY', heard: heardOf(bank.state), rules })] : []),
    ];
  });
  return [...own, { ...world, driver: { last: 'LOST', laters: 0 } }];
}

interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly paidTwice: number;
  /** Worlds in which the machine has nothing left to do although a bank may still pay, or has paid, and it does not know. */
  readonly blind: number;
}

/** Breadth first over every reachable world, equal ones merged, to the fixpoint. */
function explore(rules: Rules): Explored {
  const seen = new Set([JSON.stringify(START)]);
  let [frontier, transitions, paidTwice, blind] = [[START], 0, 0, 0];
  while (frontier.length > 0 && paidTwice === 0) {
    const next: World[] = [];
    for (const world of frontier) {
      if (world.banks.filter((bank) => bank.state === 'PAID').length > 1) paidTwice += 1;
      const isOver =
        instructionAct(
          world.attempts,
          world.attempts.some((each) => each.isContradicted),
        ).act === 'OPEN_NEXT' && world.attempts.length === CHANNELS;
      if (isOver && world.banks.some((bank) => bank.state === 'HELD' || bank.state === 'PAID')) blind += 1;
      for (const each of [...acts(world, rules), ...happenings(world, rules)]) {
        transitions += 1;
        const key = JSON.stringify(each);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(each);
      }
    }
    frontier = next;
  }
  return { states: seen.size, transitions, paidTwice, blind };
}

describe('the attempt’s machine beside a model bank, every order of sends, deaths, answers, late arrivals, closings, hints and file lines on two channels', () => {
  it('never pays twice, and never believes in a failure of what may still be paid', () => {
    const explored = explore(OURS);
    process.stderr.write(`  attempt machine: ${String(explored.states)} states, ${String(explored.transitions)} transitions\n`);
    expect(explored).toMatchObject({ paidTwice: 0, blind: 0 });
    expect(explored.states).toBeGreaterThan(1_000);
  });

  it.each<[string, Rules]>([
    [
      'a refused socket proves the whole attempt',
      {
        ...OURS,
        afterAnswer: (facts, asked, heard) =>
          asked === 'SEND' && heard.nothingSent === true && facts.state === 'SENDING'
            ? { facts: { ...facts, sendsRefused: facts.sends, state: 'FAILED' }, nothingSent: true, contradiction: null }
            : afterAnswer(facts, asked, heard),
        maySend: ({ state }) => state === 'SENDING',
        keepsLostOutcome: true,
      },
    ],
    [
      'an unknown number has failed',
      {
        ...OURS,
        afterAnswer: (facts, asked, heard) =>
          afterAnswer(
            facts,
            asked,
            asked === 'QUERY' && heard.outcome === 'UNKNOWN' && heard.acknowledged !== true ? { outcome: 'FAILED_DEFINITIVE' } : heard,
          ),
      },
    ],
    [
      'a timeout has failed',
      {
        ...OURS,
        nextAct: () => 'CLOSE',
        afterAnswer: (facts, asked, heard) => afterAnswer(facts, asked, asked === 'CLOSE' ? { outcome: 'FAILED_DEFINITIVE' } : heard),
      },
    ],
  ])('is able to find a double payment: where %s, it does', (_name, rules) => {
    expect(explore(rules).paidTwice).toBeGreaterThan(0);
  });
});

describe('one answer to one attempt', () => {
  const facts = (state: AttemptFacts['state'], sends = 1, sendsRefused = 0): AttemptFacts => ({ state, sends, sendsRefused });

  it('ends as "nothing sent" only when no send of it was ever open', () => {
    const unsent: Heard = { outcome: 'FAILED_DEFINITIVE', nothingSent: true };
    expect(afterAnswer(facts('SENDING', 1, 0), 'SEND', unsent)).toMatchObject({ nothingSent: true, facts: { state: 'FAILED' } });
    expect(afterAnswer(facts('SENDING', 3, 1), 'SEND', unsent)).toMatchObject({ nothingSent: false, facts: { state: 'UNKNOWN' } });
    expect(afterAnswer(facts('SENDING', 1, 0), 'QUERY', unsent).facts).toEqual(facts('SENDING', 1, 0));
  });

  it('is contradicted, not changed, once it is final', () => {
    expect(afterAnswer(facts('FAILED'), 'QUERY', { outcome: 'SUCCEEDED' })).toEqual({
      facts: facts('FAILED'),
      nothingSent: false,
      contradiction: 'PAID_AFTER_FAILURE',
    });
    expect(afterAnswer(facts('SUCCEEDED'), 'QUERY', { outcome: 'FAILED_DEFINITIVE' }).contradiction).toBe('FAILED_AFTER_SUCCESS');
    expect(afterAnswer(facts('RETURNED'), 'QUERY', { outcome: 'FAILED_DEFINITIVE' })).toMatchObject({
      facts: facts('RETURNED'),
      contradiction: null,
    });
  });

  it.each<[string, 'SEND' | 'QUERY' | 'FILE', Heard, Pick<AttemptFacts, 'state' | 'sendsRefused'>]>([
    ['success', 'QUERY', { outcome: 'SUCCEEDED' }, { state: 'SUCCEEDED', sendsRefused: 0 }],
    ['a refusal', 'SEND', { outcome: 'FAILED_DEFINITIVE' }, { state: 'FAILED', sendsRefused: 0 }],
    ['"later" to a send: it was not taken', 'SEND', { outcome: 'RETRY_SAME' }, { state: 'SENDING', sendsRefused: 1 }],
    ['"later" to a question: nothing is known', 'QUERY', { outcome: 'RETRY_SAME' }, { state: 'UNKNOWN', sendsRefused: 0 }],
    ['taken', 'SEND', { outcome: 'UNKNOWN', acknowledged: true }, { state: 'ACCEPTED', sendsRefused: 0 }],
    ['no answer', 'SEND', { outcome: 'UNKNOWN', acknowledged: false }, { state: 'UNKNOWN', sendsRefused: 0 }],
    ['an answer that says neither', 'SEND', { outcome: 'UNKNOWN' }, { state: 'UNKNOWN', sendsRefused: 0 }],
  ])('makes of it what it says: %s', (_name, asked, heard, made) => {
    expect(afterAnswer(facts('SENDING', 1, 0), asked, heard)).toEqual({
      facts: { sends: 1, ...made },
      nothingSent: false,
      contradiction: null,
    });
  });

  it.each<[AttemptFacts['state'], Heard, string | null]>([
    ['SUCCEEDED', { outcome: 'SUCCEEDED' }, null],
    ['SUCCEEDED', { outcome: 'UNKNOWN' }, null],
    ['SUCCEEDED', { outcome: 'FAILED_DEFINITIVE' }, 'FAILED_AFTER_SUCCESS'],
    ['SUCCEEDED', { outcome: 'FAILED_DEFINITIVE', nothingSent: false }, 'FAILED_AFTER_SUCCESS'],
    ['SUCCEEDED', { outcome: 'FAILED_DEFINITIVE', nothingSent: true }, null],
    ['FAILED', { outcome: 'FAILED_DEFINITIVE' }, null],
    ['FAILED', { outcome: 'UNKNOWN' }, null],
    ['FAILED', { outcome: 'SUCCEEDED' }, 'PAID_AFTER_FAILURE'],
    ['RETURNED', { outcome: 'SUCCEEDED' }, null],
  ])('is final as %s, and %j contradicts it or not', (state, heard, contradiction) => {
    expect(afterAnswer(facts(state), 'QUERY', heard)).toEqual({ facts: facts(state), nothingSent: false, contradiction });
  });

  it('comes back when the channel says, asks when an answer was lost, and fences what is unknown for long', () => {
    const last = (retryAfterSeconds: number | null, notFoundForMs: number) => ({ retryAfterSeconds, notFoundForMs });
    expect(nextAct(last(1, 0), 0)).toBe('RESEND');
    expect(nextAct(last(0, 0), LATER_MAX - 1)).toBe('RESEND');
    expect(nextAct(last(1, 0), LATER_MAX)).toBe('QUERY');
    expect(nextAct(last(null, 0), 0)).toBe('QUERY');
    expect(nextAct(undefined, 0)).toBe('QUERY');
    expect(nextAct(last(null, QUIET_PERIOD_MS - 1), 0)).toBe('QUERY');
    expect(nextAct(last(null, QUIET_PERIOD_MS), 0)).toBe('CLOSE');
    expect(nextAct(last(1, QUIET_PERIOD_MS), LATER_MAX)).toBe('CLOSE');
  });

  it('is the only one: an instruction is over with a success or a return, and drives what is live', () => {
    expect(instructionAct([facts('SUCCEEDED')], false)).toEqual({ act: 'DONE' });
    expect(instructionAct([facts('FAILED'), facts('RETURNED')], true)).toEqual({ act: 'DONE' });
    for (const [live, act] of [
      [facts('SENDING', 0, 0), 'SEND'],
      [facts('SENDING', 1, 0), 'QUERY'],
      [facts('SENDING', 1, 1), 'QUERY'],
      [facts('UNKNOWN', 0, 0), 'QUERY'],
      [facts('ACCEPTED', 1, 0), 'QUERY'],
    ] as const)
      expect(instructionAct([facts('FAILED'), live], false)).toEqual({ act, attempt: live });
  });

  it('is sent again only while every send of it was refused', () => {
    expect(maySend(facts('SENDING', 0, 0))).toBe(true);
    expect(maySend(facts('SENDING', 2, 2))).toBe(true);
    expect(maySend(facts('SENDING', 2, 1))).toBe(false);
    expect(maySend(facts('UNKNOWN', 0, 0))).toBe(false);
  });

  it('stops the failover once it is known to have paid after all', () => {
    expect(instructionAct([facts('FAILED')], true)).toEqual({ act: 'STOP' });
    expect(instructionAct([facts('FAILED')], false)).toEqual({ act: 'OPEN_NEXT' });
  });
});
