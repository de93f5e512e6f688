import consumerInstallmentV1 from './consumer-installment.v1.json';

/** Every product version that was ever offered. A version is never edited: a contract pins it for life. */
export const PRODUCT_FILES: readonly unknown[] = [consumerInstallmentV1];
