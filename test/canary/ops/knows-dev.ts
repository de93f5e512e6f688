export { thing } from '../dev/thing';
