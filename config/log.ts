import pino from 'pino';

export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Structured log on standard output. Fields that could hold personal data are cut out wherever they appear. */
export function createLog(name: string, level: string): Log {
  return pino({
    name,
    level,
    redact: {
      paths: [
        '*.idNumber',
        '*.phone',
        '*.cardNumber',
        '*.email',
        '*.name_enc',
        'account',
        '*.account',
        '*.accountName',
        'req.headers.authorization',
        'req.headers.cookie',
      ],
      censor: '[removed]',
    },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
