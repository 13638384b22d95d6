"""Institutions' identity providers: rows that an operator writes, and the two protocols that they speak.

``configuration`` turns what an operator types into a row, and a row into what django-allauth calls an app;
``adapter`` decides whose word is taken for what; ``oidc`` and ``saml`` speak.
"""
