module.exports = require('./alarm-action.ts').register
