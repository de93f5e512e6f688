export { thing } from '../test/thing';
