/**
 * The contract test kit: what a connector promises, as tests against a real system. Every check is
 * proved by a double, a deliberately wrong connector that must fail exactly that check.
 */
export { readFiles, readRequest, readRows, rowsOf } from './collect.ts'
export { connectorJson } from './connector-json.ts'
export { hostileTexts, type HostileText } from './hostile-texts.ts'
export { kitChecks, sourceKit, storeKit } from './kit.ts'
export { type KitResult, type KitRun, unexplained } from './kit-results.ts'
export { startProxy, type Proxy } from './proxy.ts'
export { checkRestart, type RestartPatience, type RestartSubject } from './restart-check.ts'
export { settingsRecords, type SettingsRecord } from './settings-records.ts'
export type {
  Address,
  Cannot,
  ChangingCase,
  Query,
  SourceCase,
  SourceSubject,
  StoreSubject,
  Subject,
  SubjectNetwork,
  TextParameterCase,
  TypeCase,
  WrongConfig,
} from './subject.ts'
export { testContext, type TestContext, type TestContextOptions } from './test-context.ts'
