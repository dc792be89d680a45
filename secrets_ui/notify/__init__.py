"""Telling people in time: which secrets expire, by e-mail and to a webhook, each notice once.

`run` puts it together: what is due (`due`), for whom (`recipients`), what of it was told already
(`ledger`), in which words (`texts`), and over which way (`mail`, `webhook`).
"""
