module.exports = require('./alarm-in.ts').register
