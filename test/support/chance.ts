import fc from 'fast-check'

/**
 * Set up before each test file: properties are tried with the same inputs in every run, so that a run that fails does so
 * because of the change that brought it. The hunt for what nobody has thought of takes other seeds, `LIMEN_TEST_SEED=1 npm test`.
 */
export const seed = Number(process.env['LIMEN_TEST_SEED'] ?? 20_261_126)

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
