import { two } from './circle-two';

export const one = (): unknown => two;
