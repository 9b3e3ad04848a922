"""The words of a refusal, where a policy brings none of its own."""

from __future__ import annotations

from typing import Final

REFUSALS: Final = {
    "en": "I can't help with that: this service's use policy does not allow it.",
    "de": "Dabei kann ich nicht helfen: Die Nutzungsregeln dieses Dienstes erlauben es nicht.",
    "es": "No puedo ayudar con eso: la política de uso de este servicio no lo permite.",
    "fr": "Je ne peux pas vous aider : la politique d'utilisation de ce service l'interdit.",
    "it": "Non posso aiutarti: le regole d'uso di questo servizio non lo permettono.",
    "pt": "Não posso ajudar com isso: a política de uso deste serviço não o permite.",
}
