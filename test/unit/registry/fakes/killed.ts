/** The gateway died at this moment: no code of it runs on, compensation least of all. */
export class Killed extends Error {
  override readonly name = 'Killed';
}
