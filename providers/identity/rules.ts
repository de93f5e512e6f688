import type { IdentityCheckKind } from '../../domain/party/identity-checks';

/** What the contract with each source allows and costs. */
export const SOURCE_RULES = {
  ID_NAME: { callsPerSecond: 20, priceFen: 30 },
  PHONE_THREE_ELEMENTS: { callsPerSecond: 20, priceFen: 25 },
  CARD_FOUR_ELEMENTS: { callsPerSecond: 20, priceFen: 45 },
} as const satisfies Record<IdentityCheckKind, { callsPerSecond: number; priceFen: number }>;

/** The secrets of the sources in CHANNEL_SECRETS_FILE. */
export const SOURCE_SECRET_NAMES: readonly string[] = ['tencent', 'alibaba'];
