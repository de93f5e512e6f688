const NAMES = ['wallet', 'cardnet', 'bankdirect'] as const;
export type ChannelName = (typeof NAMES)[number];

/** Every channel there is, in the order of preference while nothing speaks for another. */
export const CHANNEL_NAMES: readonly string[] = NAMES;

/** Whom CHANNEL_SECRETS_FILE holds a secret for, of those who move money: one for each channel, and the house bank's for its statement. */
export const SECRET_NAMES: readonly string[] = [...NAMES, 'housebank'];
