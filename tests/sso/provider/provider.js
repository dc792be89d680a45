// An OpenID provider with a plain sign-in form. `node provider.js FILE`: the file says everything, and what it
// says of `accounts`, `failures` and `signInsAreOld` is read again each time (tests/sso/provider.py explains).

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import Provider from 'oidc-provider'

const told = () => JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { issuer, clients, claimsInIdToken } = told()
const page = (title, body) => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`

const provider = new Provider(issuer, {
  clients,
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
  conformIdTokenClaims: !claimsInIdToken,
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: {
    keys: [{
      ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
      kid: randomUUID(), use: 'sig', alg: 'RS256',
    }],
  },
  pkce: { required: () => true },
  ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: 300, IdToken: 300 },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource: (ctx, form) => {
        ctx.body = page('Sign out of the provider?', `${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>`)
      },
    },
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  renderError: (ctx, out) => { ctx.body = page('Refused', `<pre id="error">${out.error}</pre>`) },
  findAccount: (ctx, sub) => told().accounts[sub] && {
    accountId: sub,
    claims: () => ({ ...told().accounts[sub], sub }),
  },
  // Nobody is asked whether the dashboard may know who they are: their company has decided that.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session.accountId, clientId: ctx.oidc.client.clientId })
    grant.addOIDCScope('openid profile email groups')
    await grant.save()
    return grant
  },
})

provider.use(async (ctx, next) => {
  const failure = told().failures[ctx.path]
  if (failure) Object.assign(ctx, failure)
  else if (ctx.path.startsWith('/interaction/')) await signIn(ctx)
  else await next()
})

async function signIn(ctx) {
  if (ctx.method === 'GET') {
    ctx.body = page('Provider', `<form method="post"><label>Account <input name="account"></label>
      <button>Continue</button> <button name="cancel" value="yes">Cancel</button></form>`)
    return
  }
  const sent = new URLSearchParams(await text(ctx.req))
  const ts = Math.floor(Date.now() / 1000) - told().signInsAreOld
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, sent.has('cancel')
    ? { error: 'access_denied', error_description: 'The person pressed Cancel.' }
    : { login: { accountId: sent.get('account'), ts } }))
}

provider.listen(Number(new URL(issuer).port), '127.0.0.1')
