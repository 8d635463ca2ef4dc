"""XZuFi 2.2 and 2.3, the standard for services, offices and responsibilities in Germany's Portalverbund, in and out.

This is a hand-made binding of the part that Lotse holds, not one generated from the schema: the XSD could not be had. It
was made from programs that read and write such messages in public (PVOG, FIM portal, the EfA parameter catalogue of
FITKO). Known from there are the objects `leistung`, `organisationseinheit`, `onlinedienst` and
`zustaendigkeitTransferObjekt` in `schreibe`, `loesche`, identifiers with `schemeAgencyID` and `schemeID`, text modules,
`modulFrist`, `modulKosten`, `modulBearbeitungsdauer`, `modulBegriffImKontext`, `modulFachlicheFreigabe`, `kategorie`,
`typisierung`, `leistungsadressat`, addresses with the types of `xzufi.anschrifttyp`, and `zustaendigkeit`. Taken by analogy
with other XÖV standards, and read leniently, are the name of the message itself, `kommunikation`, `internetadresse`,
`infoOeffnungszeitenText`, `geokodierung`, `kontaktperson`, `gueltigkeit` and `uebergeordneteOrganisationseinheitID`.

Elements are known by their local names, because the parts of codes (`code`, `name`) are in no namespace. HTML becomes
clean text. Of other producers, offices and services are named after their names (equal names after their identifiers too),
`source_ids` hold `xzufi:<schemeAgencyID>:<id>`. Places, office types and the like have no object: see `rest` for where
our own files keep them.
"""

from __future__ import annotations

from knowledge.exchange.xzufi.read import read_xzufi
from knowledge.exchange.xzufi.write import write_xzufi

__all__ = ["read_xzufi", "write_xzufi"]
