// Zod, with which the AI SDK checks its stream, would try to make code at run time, which the page's policy forbids.
const shared = globalThis as { __zod_globalConfig?: { jitless?: boolean } }
shared.__zod_globalConfig ??= {}
shared.__zod_globalConfig.jitless = true
